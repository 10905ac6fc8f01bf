// The runner of one projection.
export { ProjectionRunner } from './runner.ts'

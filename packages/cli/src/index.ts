// `@indelible/cli`: the command line as functions, for the binary, for tests and for embedding.
export { exitCodes } from './errors/index.ts'
export { main } from './main.ts'
export type { OutputStream } from './output/index.ts'
export { type RunOptions, run } from './run.ts'

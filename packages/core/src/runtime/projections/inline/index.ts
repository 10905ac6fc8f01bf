// Projections whose tables show the events of a command when it is answered.
export { InlineProjections } from './inline-projections.ts'

// What the user gives: arguments, options, and the config with the declarations of the system.
export { address, duration, several, stream, time, wholeNumber } from './arguments.ts'
export { checkpointFile } from './checkpoint-file.ts'
export {
  addCommonOptions,
  type CommonOptions,
  inspectorsOf,
  logDirOf,
  openLog,
  openTree,
  proofFilesOf,
  systemOf,
  untilOpen,
} from './common-options.ts'
export { findConfig } from './config.ts'
export { addFilters, type FilterOptions, queryOf } from './filters.ts'
export { addPoints, assertReached, type PointOptions, point, pointOf } from './point-of-history.ts'
export {
  addClientOptions,
  addServerOptions,
  type ClientOptions,
  keyHeaders,
  type ServerOptions,
  type ServerToAsk,
  serverOf,
} from './server.ts'
export { addTable, aggregateOf, keyOf, projectionOf, type TableOption } from './subject.ts'

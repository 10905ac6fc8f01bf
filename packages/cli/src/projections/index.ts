// Access to projections, either directly or through a running server.
export { openDirectClient } from './direct-client.ts'
export { httpClient } from './http-client.ts'
export { extentOf, phaseLabels, phaseText } from './phases.ts'
export type { ProjectionClient, ProjectionInfo } from './projection-client.ts'
export { checkTableHistory, divergedError, type TableHistory } from './table-history.ts'

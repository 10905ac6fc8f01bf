// Access to sagas, either directly in the log or through a running server.
export { openDirectSagas } from './direct-sagas.ts'
export { pagesOf } from './pages.ts'
export type { SagaClient } from './saga-client.ts'
export { sagasByServer } from './sagas-by-server.ts'
export { ageText, waitText } from './texts.ts'

// The event types of a log, and the check of code against them.
export { findingText, replayedText, totalsText } from './finding-text.ts'
export { knownContracts } from './known-contracts.ts'
export { openDirectSchemas, type SchemaClient, schemasByServer } from './schema-client.ts'
export { shownText } from './shown-text.ts'

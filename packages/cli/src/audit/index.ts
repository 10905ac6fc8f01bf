// The audit trail on the command line: how it is read, told and exported.
export { type AuditClient, auditByServer, openDirectAudit } from './audit-client.ts'
export { AuditTrail } from './audit-trail.ts'
export { type ExportFormat, exportFormats, exportTo, ndjsonLines } from './export.ts'
export { checkpointOf, type Provenance } from './provenance.ts'
export { entryText, treeText } from './story.ts'

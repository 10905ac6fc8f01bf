// Bundles of evidence: the history of a stream with its proofs, in one file that others check offline.
export { type Finding, findingKinds } from './findings.ts'
export { type EvidenceOptions, openSource } from './sources.ts'
export { type BundleReport, verifyBundle } from './verify-bundle.ts'
export { writeBundle } from './write-bundle.ts'

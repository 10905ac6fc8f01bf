// What `indelible doctor` examines.
export { withoutSecrets } from './configuration.ts'
export { examine } from './examine.ts'
export type { Finding, FindingStatus } from './finding.ts'

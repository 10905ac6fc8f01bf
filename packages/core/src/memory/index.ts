// `indelible/memory`: every port without a disk.
export { memoryConsumers } from './consumers.ts'
export { MemoryCopy, memoryCopySource } from './copying.ts'
export { memoryStore } from './event-store.ts'
export { forkOf } from './fork.ts'
export { memoryLeases } from './leases.ts'
export { memoryProofs } from './proof-files.ts'
export { memoryTables } from './read-tables.ts'
export { memorySnapshots } from './snapshots.ts'

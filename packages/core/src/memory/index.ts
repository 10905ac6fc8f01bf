// `indelible/memory`: every port without a disk.
export { memoryConsumers } from './consumers.ts'
export { memoryStore } from './event-store.ts'
export { forkOf } from './fork.ts'
export { memoryProofs } from './proof-files.ts'
export { memoryTables } from './read-tables.ts'
export { memorySnapshots } from './snapshots.ts'
export { type MemoryStorage, memoryStorage } from './storage.ts'

// Builds index files and column files in the background, on a thread of their own.
export type { Builder } from './builder.ts'
export { createBuilder } from './create-builder.ts'
export { IndexQueue } from './index-queue.ts'

// Whatever builds the files that are derived from a sealed segment: its index and its columns.
import type { BuildTask } from '../read/index.ts'

export interface Builder {
  buildIndex(task: BuildTask): Promise<void>
  /** Gives way to `buildIndex` and to appends. Throws `aborted` when the builder is closed meanwhile. */
  buildColumns(task: BuildTask): Promise<void>
  /** To be called after each append. */
  appended(): void
  close(): Promise<void>
}

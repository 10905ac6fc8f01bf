// What `indelible.config.ts` exports: the declared system, where its log is and where its read tables are. The command line reads it.
import type { System } from '../kernel/system.ts'
import type { ReadTables } from '../store/read-tables.ts'

export interface IndelibleConfig {
  readonly system: System
  /** The directory that holds the log (in `log/`), snapshots and embedded read tables; relative to the config file. */
  readonly dataDir: string
  /** Opens the read tables, for commands that concern projections. `dataDir` is absolute. */
  readonly openTables?: (options: { readonly dataDir: string }) => Promise<ReadTables>
}

/** Gives the config its type. */
export function defineConfig(config: IndelibleConfig): IndelibleConfig {
  return config
}

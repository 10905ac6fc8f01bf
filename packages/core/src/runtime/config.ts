// What `indelible.config.ts` exports: the declared system and where its log is. The command line reads it.
import type { System } from '../kernel/system.ts'

export interface IndelibleConfig {
  readonly system: System
  /** The directory that holds the log (in `log/`), snapshots and embedded read tables; relative to the config file. */
  readonly dataDir: string
}

/** Gives the config its type. */
export function defineConfig(config: IndelibleConfig): IndelibleConfig {
  return config
}

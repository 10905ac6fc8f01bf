// What `indelible.config.ts` exports: the declared system, and how all that it runs on is opened. Server, projection thread, tools and tests compose a
// system from this alone; adapters are named nowhere else.
import type { System } from '../kernel/system.ts'
import type { SystemOptions } from '../runtime/system-options.ts'
import type { EventStore } from '../store/port.ts'
import type { ReadTables } from '../store/read-tables.ts'

/**
 * What for: to `run` the system, which writes the log; for `projections` that run on a thread of their own beside it; or to `inspect` it with tools,
 * while another process runs it. Only `run` may open the log for writing.
 */
export type OpenMode = 'run' | 'projections' | 'inspect'

export interface OpenOptions {
  /** Absolute. */
  readonly dataDir: string
  readonly mode: OpenMode
}

/** How each thing is opened. Tools open only what they need. */
export interface Openers extends Omit<SystemOptions, 'store' | 'tables' | 'projections' | 'onNotice'> {
  readonly store: () => Promise<EventStore>
  readonly tables: () => Promise<ReadTables>
  /** Where projections run: `here`, on the thread of the commands, when left out. On a `thread` of their own they slow no command; the tables must take a second client. */
  readonly projections?: 'here' | 'thread'
}

export interface IndelibleConfig {
  readonly system: System
  /** The directory of everything that is kept, relative to the config file; `data` when left out. */
  readonly dataDir?: string
  readonly open: (options: OpenOptions) => Openers
}

/** Gives the config its type. */
export function defineConfig(config: IndelibleConfig): IndelibleConfig {
  return config
}

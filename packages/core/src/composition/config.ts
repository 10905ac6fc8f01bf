// What `indelible.config.ts` exports: the declared system, and how to open everything that it runs on. Server, projection thread, tools and tests use only
// this to compose a system, and no other place names an adapter.
import type { AccessOptions } from '../access/index.ts'
import type { System } from '../kernel/system.ts'
import type { Acceptance } from '../review/finding.ts'
import type { RemoteConnection } from '../runtime/remotes/connection.ts'
import type { SystemOptions } from '../runtime/system-options.ts'
import type { TelemetryOptions } from '../runtime/telemetry/index.ts'
import type { AcceptedFinding, CompatibilityMode } from '../schema/gate/judge.ts'
import type { EventStore } from '../store/port.ts'
import type { ReadTables } from '../store/read-tables.ts'
import type { TenantsOptions } from '../tenants/index.ts'

/**
 * Why the system is opened: to `run` it, which writes the log; for its `projections` or its Merkle `tree` on threads of their own; or to `inspect` it with tools while another
 * process runs it. Only `run` may open the log for writing.
 */
export type OpenMode = 'run' | 'projections' | 'tree' | 'inspect'

export interface OpenOptions {
  /** An absolute path. Each tenant has a directory of its own. */
  readonly dataDir: string
  readonly mode: OpenMode
  /** Whose log it is: the name of a tenant, or `catalog` for the list of tenants and the API keys. In a system without tenants it is `main`. */
  readonly tenant: string
  /** A connection to another tenant, which is declared as another system: `remotes: { partner: tenantSystem('acme') }`. */
  readonly tenantSystem: (tenant: string) => RemoteConnection
}

/** How to open each resource. Tools open only what they need. */
export interface Openers
  extends Omit<SystemOptions, 'store' | 'tables' | 'projections' | 'onNotice' | 'access' | 'telemetry' | 'tenants'> {
  readonly store: () => Promise<EventStore>
  readonly tables: () => Promise<ReadTables>
  readonly telemetry?: TelemetryOptions | undefined
  /** Where projections run. The default is `here`, on the thread of the commands. On a `thread` of their own they do not slow commands; the tables must allow a second client. */
  readonly projections?: 'here' | 'thread'
  /** Whether the event types are registered in the log when the system starts; the default is true. The log then explains itself without the code. */
  readonly registry?: boolean
}

/** How `indelible schema check` judges changes of events. */
export interface SchemaChecks {
  /** The default is `backward`: new code reads old events. */
  readonly mode?: CompatibilityMode
  /** Findings that do not refuse the code. */
  readonly accepted?: readonly AcceptedFinding[]
}

export interface IndelibleConfig {
  readonly system: System
  /** The directory of all files, relative to the config file. The default is `data`. */
  readonly dataDir?: string
  /** Findings of `indelible review` that you have decided to live with, each with the reason. */
  readonly review?: { readonly accepted: readonly Acceptance[] }
  /** Who may do what over a network, as data. Without it, whoever reaches the server may do everything. */
  readonly access?: AccessOptions
  /** Many logs of this one declaration, one for each tenant. Without it there is one log. */
  readonly tenants?: TenantsOptions
  readonly open: (options: OpenOptions) => Openers
  readonly schemas?: SchemaChecks
}

/** Checks the type of a config. */
export function defineConfig(config: IndelibleConfig): IndelibleConfig {
  return config
}

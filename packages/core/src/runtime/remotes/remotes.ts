// The other systems of a running one: what carries out commands there, and what copies events from there.
import { IndelibleError } from '../../kernel/errors.ts'
import type { System } from '../../kernel/system.ts'
import type { Clock } from '../../kernel/time.ts'
import type { ConsumerRecords } from '../../store/consumers.ts'
import type { EventStore } from '../../store/port.ts'
import type { Holdings } from '../leases/index.ts'
import type { Telemetry } from '../telemetry/index.ts'
import type { RemoteConnection } from './connection.ts'
import { FeedRunner } from './feed-runner.ts'
import { RemoteExecutor } from './remote-executor.ts'

export interface RemotesOptions {
  readonly connections: Readonly<Record<string, RemoteConnection>> | undefined
  readonly store: EventStore
  readonly records: ConsumerRecords
  readonly holdings: Holdings
  readonly clock: Clock
  readonly telemetry: Telemetry
}

export class Remotes {
  readonly feeds: ReadonlyMap<string, FeedRunner>
  readonly #executors: ReadonlyMap<string, RemoteExecutor>

  /** Throws `config_invalid` where a declared system has no connection. */
  constructor({ name: system, remotes }: System, { connections = {}, ...options }: RemotesOptions) {
    const connected = remotes.map((remote) => ({ remote, connection: connectionOf(system, remote.name, connections) }))
    const heard = connected.filter(({ remote }) => Object.keys(remote.events).length > 0)
    const holding = (name: string) => options.holdings.hold(name)
    this.feeds = new Map(
      heard.map((each) => [
        each.remote.name,
        new FeedRunner({ ...each, ...options, holding: holding(each.remote.name) }),
      ]),
    )
    this.#executors = new Map(
      connected.map((each) => {
        const feed = this.feeds.get(each.remote.name)
        const isHeard = () => feed?.hasBegun ?? true
        return [each.remote.name, new RemoteExecutor({ ...each, ...options, system, isHeard })]
      }),
    )
  }

  /** Throws `unknown_command`. */
  executor(name: string): RemoteExecutor {
    const found = this.#executors.get(name)
    if (found) return found
    throw new IndelibleError('unknown_command', `The system declares no other system "${name}".`)
  }
}

function connectionOf(
  system: string,
  name: string,
  connections: Readonly<Record<string, RemoteConnection>>,
): RemoteConnection {
  const connection = Object.hasOwn(connections, name) ? connections[name] : undefined
  if (typeof connection?.send === 'function') return connection
  throw new IndelibleError(
    'config_invalid',
    `The system "${system}" has no connection to the other system "${name}". Give one: remotes: { ${name}: httpSystem({ url: 'https://…' }) }.`,
  )
}

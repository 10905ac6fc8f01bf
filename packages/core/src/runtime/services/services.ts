// The services of a running system: what carries out its activities.
import type { AnyActivityType } from '../../kernel/activities.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { System } from '../../kernel/system.ts'
import { ActivityExecutor, type ActivityExecutorOptions } from './activity-executor.ts'
import type { ServiceConnection } from './connection.ts'

export interface ServicesOptions extends Omit<ActivityExecutorOptions, 'service' | 'activities' | 'connection'> {
  readonly connections: Readonly<Record<string, ServiceConnection>> | undefined
}

export class Services {
  readonly #executors: ReadonlyMap<string, ActivityExecutor>

  /** Throws `config_invalid` where the service of an activity has no connection. */
  constructor({ name: system, activities }: System, { connections = {}, ...options }: ServicesOptions) {
    const byService = Map.groupBy(activities, ({ activity }: AnyActivityType) => activity.service)
    this.#executors = new Map(
      [...byService].map(([service, its]) => {
        const connection = connectionOf(system, service, connections)
        return [service, new ActivityExecutor({ ...options, service, activities: its, connection })]
      }),
    )
  }

  /** Throws `unknown_command`. */
  executor(service: string): ActivityExecutor {
    const found = this.#executors.get(service)
    if (found) return found
    throw new IndelibleError('unknown_command', `The system declares no activity of the service "${service}".`)
  }
}

function connectionOf(
  system: string,
  service: string,
  connections: Readonly<Record<string, ServiceConnection>>,
): ServiceConnection {
  const connection = Object.hasOwn(connections, service) ? connections[service] : undefined
  if (typeof connection?.call === 'function') return connection
  throw new IndelibleError(
    'config_invalid',
    `The system "${system}" has no connection to the service "${service}". Give one: services: { ${service}: httpService({ url: 'https://…' }) }.`,
  )
}

// The side of the thread: it opens the log for reading and the tables, and runs the projections as any other thread would.
import { parentPort, workerData } from 'node:worker_threads'
import { errorCodes, IndelibleError, isIndelibleError } from '../../../kernel/errors.ts'
import type { System } from '../../../kernel/system.ts'
import { systemClock, systemIds } from '../../../kernel/system-clock.ts'
import { DomainLog } from '../../../store/domain-log.ts'
import type { EventStore } from '../../../store/port.ts'
import type { ReadTables } from '../../../store/read-tables.ts'
import { type Handlers, serve } from '../../../threads/index.ts'
import { type DomainCode, guardOf } from '../../guard/index.ts'
import { threadOpenMsMax } from '../../limits.ts'
import { type ReadChecks, readCheck } from '../../read-check.ts'
import { Telemetry, type TelemetryOptions } from '../../telemetry/index.ts'
import { backoff } from '../../waiting.ts'
import { type HostNotice, type ProjectionMethods, startRunners } from '../host.ts'

/** What a thread of projections runs on. The thread closes the store and the tables when it ends. */
export interface ThreadResources {
  readonly system: System
  /** Open for reading. */
  readonly store: EventStore
  readonly tables: ReadTables
  /** As in `SystemOptions`. */
  readonly domainCode?: DomainCode
  /** As in `SystemOptions`. */
  readonly readChecks?: ReadChecks | undefined
  /** As in `SystemOptions`. A thread has tracers and meters of its own. */
  readonly telemetry?: TelemetryOptions | undefined
}

/** What the thread says without being asked. `ready`: log and tables are open, and from now on calls are answered. */
export type ThreadNotice = 'ready' | HostNotice

/** To be called by the module of a {@link projectionThread}. `open` gets its `workerData`. Throws what `open` throws; that ends the thread. */
export async function runProjections<Data>(open: (data: Data) => Promise<ThreadResources>): Promise<void> {
  const port = parentPort
  if (!port) throw new IndelibleError('invalid_declaration', 'runProjections is for the module of a projectionThread.')
  const opened = Promise.withResolvers<Handlers<ProjectionMethods>>()
  // Nothing is open yet that would have to be closed in order.
  let close = async (): Promise<void> => process.exit()
  const { notify } = serve(port, opened.promise, { close: () => close() })
  const {
    system,
    store,
    tables,
    domainCode,
    readChecks,
    telemetry: told,
  } = await retried(() => open(workerData as Data))
  const guard = guardOf(domainCode, 'impure_projector')
  const log = new DomainLog(store, readCheck({ checks: readChecks, guard, notify }))
  const telemetry = new Telemetry(told)
  const time = { clock: systemClock, ids: systemIds }
  const runners = startRunners(system, { ...time, store, log, tables, guard, notify, telemetry })
  close = async () => {
    await runners.close()
    await store.close()
    await tables.close()
  }
  opened.resolve(runners.handlers)
  notify('ready' satisfies ThreadNotice)
}

/** A log that is being indexed, or a database that is starting, can be opened a little later. */
async function retried<Value>(open: () => Promise<Value>): Promise<Value> {
  const until = performance.now() + threadOpenMsMax
  for (let attempt = 0; ; attempt++) {
    try {
      return await open()
    } catch (error) {
      const mayBeLater = isIndelibleError(error) && errorCodes[error.code].retryable && performance.now() < until
      if (!mayBeLater) throw error
      await backoff(attempt, new AbortController().signal)
    }
  }
}

// The side of the thread: the log for reading and the tables are opened here, and the projections run as they would on any other thread.
import { parentPort, workerData } from 'node:worker_threads'
import { errorCodes, IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { System } from '../../kernel/system.ts'
import { systemClock, systemIds } from '../../kernel/system-clock.ts'
import { DomainLog } from '../../store/domain-log.ts'
import type { EventStore } from '../../store/port.ts'
import type { ReadTables } from '../../store/read-tables.ts'
import { threadOpenMsMax } from '../limits.ts'
import { projectionCall } from '../purity.ts'
import { backoff } from '../waiting.ts'
import { type ProjectionHost, projectionsHere } from './host.ts'
import type { ProjectionNotice } from './status.ts'
import { faultOf, type Message, type Method, type Request } from './thread-messages.ts'

/** What a thread of projections runs on. It takes the store and the tables over. */
export interface ThreadParts {
  readonly system: System
  /** Open for reading. */
  readonly store: EventStore
  readonly tables: ReadTables
  /** As in `SystemParts`. */
  readonly domainCode?: 'watched' | 'trusted'
}

/** To be called by the module of a {@link projectionThread}. `open` gets its `workerData`. */
export async function runProjections<Data>(open: (data: Data) => Promise<ThreadParts>): Promise<void> {
  const port = parentPort
  if (!port) throw new IndelibleError('invalid_declaration', 'runProjections is for the module of a projectionThread.')
  const say = (message: Message) => port.postMessage(message)
  const requests: Request[] = []
  // Nothing is open yet that would have to be closed in order.
  let serve = (request: Request): void => (request === 'close' ? process.exit() : void requests.push(request))
  port.on('message', (request: Request) => serve(request))
  try {
    const { system, store, tables, domainCode } = await opened(() => open(workerData as Data))
    const call = projectionCall(domainCode)
    const notify = (notice: ProjectionNotice) => say({ notice })
    const log = new DomainLog(store)
    const host = projectionsHere(system, { store, log, tables, call, notify, clock: systemClock, ids: systemIds })
    const aborts = new Map<number, AbortController>()

    const answer = async ({ call, method, args }: Extract<Request, { call: number }>) => {
      const abort = new AbortController()
      aborts.set(call, abort)
      try {
        const result = await invoke(host, method, args, {
          signal: abort.signal,
          progress: (...progress) => say({ call, progress }),
        })
        say({ call, result })
      } catch (error) {
        say({ call, fault: faultOf(error) })
      } finally {
        aborts.delete(call)
      }
    }
    const close = async () => {
      await host.close()
      await store.close()
      await tables.close()
      port.close()
    }
    serve = (request) => {
      if (request === 'close') void close()
      else if ('abort' in request) aborts.get(request.abort)?.abort()
      else void answer(request)
    }
    say('ready')
    for (const request of requests) serve(request)
  } catch (error) {
    // What is open already would keep the thread alive; whoever hears this says `close`.
    serve = (request) => void (request === 'close' && process.exit())
    say({ failed: faultOf(error) })
  }
}

/** A log that is just being indexed, or a database that just starts, is there a little later. Whoever waits is told before long. */
async function opened(open: () => Promise<ThreadParts>): Promise<ThreadParts> {
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

function invoke(
  host: ProjectionHost,
  method: Method,
  args: readonly unknown[],
  also: { signal: AbortSignal; progress: (...progress: unknown[]) => void },
): Promise<unknown> {
  const [first, second, third] = args as [never, never, object]
  switch (method) {
    case 'status':
      return host.status(first)
    case 'position':
      return host.position(first)
    case 'setPaused':
      return host.setPaused(first, second)
    case 'waitFor':
      return host.waitFor(first, second, { ...(third as { timeoutMs: number }), signal: also.signal })
    default:
      return host[method](first, also)
  }
}

// Another system in the same process, for tests: everything passes as JSON, as over HTTP.
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import { messageOf } from '../kernel/shown.ts'
import { type Operation, remoteConnection } from '../operations/index.ts'
import type { RemoteConnection } from '../runtime/remotes/connection.ts'
import type { RunningSystem } from '../runtime/running-system.ts'

/** Connects to a running system of this process: `startSystem(bankA, { remotes: { partner: connectTo(bankB) } })`. */
export function connectTo(running: RunningSystem): RemoteConnection {
  return remoteConnection(async (operation, input, call) => {
    try {
      // biome-ignore lint/suspicious/noExplicitAny: any operation
      const result = await (operation as Operation<any, unknown>).run(running, asJson(input), call)
      return asJson(result) as never
    } catch (error) {
      throw asAnswered(error)
    }
  })
}

/** As the other side of a transport would tell it. */
function asAnswered(error: unknown): unknown {
  if (isIndelibleError(error, 'command_claimed') || isIndelibleError(error, 'feed_diverged')) return error
  if (isIndelibleError(error, 'aborted')) return error
  const message = `The other system answered: ${messageOf(error)}`
  if (!isIndelibleError(error)) return new IndelibleError('remote_unavailable', message, { cause: error })
  const { code, retryable, details } = error
  const isUnknown = retryable || code === 'store_closed' || code === 'store_poisoned'
  return new IndelibleError(isUnknown ? 'remote_unavailable' : 'remote_rejected', message, {
    details: { ...details, code },
    cause: error,
  })
}

function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

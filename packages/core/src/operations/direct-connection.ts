// A connection to another system of this process: what passes is JSON, as over a network, and errors are told as they are there.
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import { messageOf } from '../kernel/shown.ts'
import type { RemoteConnection } from '../runtime/remotes/connection.ts'
import type { Call, Operation } from './operation.ts'
import { remoteConnection } from './remote-connection.ts'

/** Runs an operation on the other system. */
// biome-ignore lint/suspicious/noExplicitAny: any operation
export type RunThere = (operation: Operation<any, any>, input: object, call: Call) => Promise<unknown>

export function directConnection(run: RunThere): RemoteConnection {
  return remoteConnection(async (operation, input, call) => {
    try {
      return asJson(await run(operation, asJson(input) as object, call)) as never
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

// Waits for a promise that may never settle.
import { timer } from 'indelible/adapter'

/** Whether a promise was fulfilled or rejected within the time. The timer does not keep the process alive after that. */
export async function settlesWithin(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const isLate = Promise.withResolvers<false>()
  const limit = timer(ms, () => isLate.resolve(false))
  const settled = promise.then(
    () => true,
    () => true,
  )
  try {
    return await Promise.race([settled, isLate.promise])
  } finally {
    limit.cancel()
  }
}

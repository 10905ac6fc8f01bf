// Waiting for what may never come.
import { timer } from 'indelible/adapter'

/** Whether a promise was fulfilled or rejected within a time, which keeps the process alive no longer than that. */
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

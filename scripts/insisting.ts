// For clients of campaigns: a fault that may pass is no outcome, and the same call with the same command id is made again.
import { setTimeout as pause } from 'node:timers/promises'
import { errorCodes, isIndelibleError } from 'indelible'

export async function insisting<Value>(call: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!isIndelibleError(error) || !errorCodes[error.code].retryable || error.code === 'wait_timeout') throw error
      await pause(100)
    }
  }
}

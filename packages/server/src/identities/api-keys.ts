// Recognises programs by the API keys in the log.
import { keyPrefix } from 'indelible'
import { retryAfterSeconds } from '../limits.ts'
import { bearerToken, type Identity } from './identity.ts'

/** Recognises `Authorization: Bearer ind_…`: keys that `indelible keys create` or the operation `issueKey` made. */
export function apiKeys(): Identity {
  return {
    name: 'API key',
    async recognise({ headers }, { running }) {
      const token = bearerToken(headers)
      if (!token?.startsWith(keyPrefix)) return undefined
      const verdict = await running.keys.verify(token)
      if (verdict.status === 'valid') return verdict.principal
      if (verdict.status === 'refused') return { refused: verdict.reason }
      return { unavailable: 'Too many keys are being checked.', retryAfterSeconds }
    },
  }
}

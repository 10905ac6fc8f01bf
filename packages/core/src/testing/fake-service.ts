// An HTTP service in the same process, for tests of activities: it does the same thing once for one idempotency key, as a real one must.
import { retriedStatuses } from '../kernel/activities.ts'
import type { ServiceConnection, ServiceRequest, ServiceResponse } from '../runtime/services/connection.ts'

export interface FakeService extends ServiceConnection {
  /** Every request that arrived, in order. */
  readonly requests: readonly ServiceRequest[]
}

/**
 * Connects to a function: `startSystem(shop, { services: { payments: fakeService(({ path }) => ({ status: 201, body: { … } })) } })`. The function is called once for
 * each idempotency key, method and path; where it throws, or answers 408, 409, 425, 429 or 5xx, it is called again. What it throws reaches the caller: throw
 * `remote_unavailable` for an answer that got lost.
 */
export function fakeService(
  answer: (request: ServiceRequest) => ServiceResponse | Promise<ServiceResponse>,
): FakeService {
  const requests: ServiceRequest[] = []
  const answers = new Map<string, Promise<ServiceResponse>>()
  return {
    requests,
    async call(request) {
      const asked = JSON.parse(JSON.stringify(request)) as ServiceRequest
      requests.push(asked)
      const key = `${asked.method} ${asked.path} ${asked.idempotencyKey}`
      const made = answers.get(key) ?? Promise.resolve(asked).then(answer)
      answers.set(key, made)
      const isKept = await made.then(
        ({ status }) => status < 500 && !retriedStatuses.includes(status),
        () => false,
      )
      if (!isKept && answers.get(key) === made) answers.delete(key)
      return await made
    },
  }
}

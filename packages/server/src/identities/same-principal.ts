// Whether a request is still from whom it was: keys are revoked, tokens expire and roles change while a live feed is open.
import type { Principal } from 'indelible/operations'
import { HttpError } from '../problems.ts'

/** Throws `unauthenticated`, and what `ask` throws. While nobody can say who it is, it remains who it was. */
export async function assertSame(
  before: Principal | undefined,
  ask: () => Promise<Principal | undefined>,
): Promise<void> {
  const now = await ask().catch((error) => {
    if (error instanceof HttpError && error.code === 'identity_unavailable') return before
    throw error
  })
  if (factsOf(now) === factsOf(before)) return
  throw new HttpError('unauthenticated', 'Your roles or attributes have changed since this feed began. Come again.')
}

/** The order in lists means nothing. */
function factsOf({ actor, roles = [], attributes = {} }: Principal = {}): string {
  const named = Object.entries(attributes).map(([name, value]) => [name, [value].flat().sort()] as const)
  return JSON.stringify([actor, [...roles].sort(), named.sort(([one], [other]) => (one < other ? -1 : 1))])
}

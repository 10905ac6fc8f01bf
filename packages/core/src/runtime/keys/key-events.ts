// What the log says of API keys. All of it is in one reserved stream; the secrets are not in it.
import { IndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import { shown } from '../../kernel/shown.ts'
import { streamName } from '../../kernel/streams.ts'
import { utf8Length } from '../../kernel/text.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Verifier } from './key-secret.ts'

export const keysStream = streamName('$access', 'keys')
export const keyIssued = '$ApiKeyIssued'
export const keyRevoked = '$ApiKeyRevoked'

/** Who a caller with the key is. */
export interface KeyPrincipal {
  readonly actor: string
  readonly roles: readonly string[]
  readonly attributes: Readonly<Record<string, string | readonly string[]>>
}

/** The data of `$ApiKeyIssued`. Who issued it is in the metadata. */
export interface KeyIssued {
  readonly keyId: string
  readonly principal: KeyPrincipal
  readonly expiresAt: Instant | null
  readonly verifier: Verifier
}

/** The data of `$ApiKeyRevoked`. */
export interface KeyRevoked {
  readonly keyId: string
  readonly reason: string
}

/** The data of such an event without the verifier, which nobody needs to see. */
export function shownKeyData({ data }: Pick<RecordedEvent, 'data'>): unknown {
  const { verifier: _, ...shown } = data as Partial<KeyIssued>
  return shown
}

/** The bytes of an actor, and of each role and attribute: the limit of recorded texts. */
const textBytesMax = 512
/** Roles, attributes, and values of an attribute of one principal. */
const partsMax = 100

/** Throws `invalid_parameter`. */
export function checkedKeyPrincipal(given: unknown): KeyPrincipal {
  if (!isRecord(given)) throw invalid(`must be an object such as {"actor": "billing"}, not ${shown(given)}.`)
  const stranger = Object.keys(given).find((name) => !['actor', 'roles', 'attributes'].includes(name))
  if (stranger !== undefined) throw invalid(`has the member "${stranger}". It may have actor, roles and attributes.`)
  const { actor, roles = [], attributes = {} } = given
  if (!isName(actor)) throw invalid(`needs an actor: ${textRule}.`)
  if (!isList(roles)) throw invalid(`has roles that are not a list of at most ${partsMax} texts, each of ${textRule}.`)
  const isFit = isRecord(attributes) && Object.keys(attributes).length <= partsMax
  if (!isFit || !Object.entries(attributes).every(([name, value]) => isName(name) && (isName(value) || isList(value))))
    throw invalid(`has attributes that are not texts or lists of texts, each of ${textRule}.`)
  return { actor, roles, attributes: attributes as KeyPrincipal['attributes'] }
}

const textRule = `1 to ${textBytesMax} bytes without control characters`

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && utf8Length(value) <= textBytesMax && !/\p{Cc}/u.test(value)
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= partsMax && value.every(isName)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(problem: string): IndelibleError {
  return new IndelibleError('invalid_parameter', `The principal of a key ${problem}`, {
    details: { parameter: 'principal' },
  })
}

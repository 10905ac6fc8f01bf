// The API keys of programs that call the system: issuing, listing and revoking them.
import { type ApiKey, checkedKeyPrincipal, type IssuedKey, type KeyPrincipal } from '../runtime/keys/index.ts'
import { instantSchema, objectOf } from './json-schemas.ts'
import { pageDefault, pageMax, recordedTextBytesMax } from './limits.ts'
import { operation } from './operation.ts'
import { oneOf, type Parameter, required, text, wholeNumber } from './parameters.ts'

const textOrTexts = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] }

const principal: Parameter<KeyPrincipal> & { readonly isRequired: false } = {
  description:
    'Who a caller with the key is: the actor that is recorded, and the roles and attributes that access is decided by.',
  isRequired: false,
  schema: {
    type: 'object',
    required: ['actor'],
    additionalProperties: false,
    properties: {
      actor: { type: 'string', minLength: 1, maxLength: recordedTextBytesMax },
      roles: { type: 'array', items: { type: 'string', minLength: 1 } },
      attributes: { type: 'object', additionalProperties: textOrTexts },
    },
  },
  fromText: (value) => value,
  parse: (value) => checkedKeyPrincipal(value),
}

const principalSchema = objectOf({
  actor: { type: 'string' },
  roles: { type: 'array', items: { type: 'string' } },
  attributes: { type: 'object', additionalProperties: textOrTexts },
})

const orNull = { type: ['string', 'null'] }
const instantOrNull = { type: ['string', 'null'], format: 'date-time' }

export const issueKey = operation({
  name: 'issueKey',
  effect: 'changes',
  of: 'server',
  needs: () => ({ verb: 'administer' }),
  parameters: {
    expiresAt: text({
      description:
        'When the key ends: an RFC 3339 date-time with its zone. Without it, the key is valid until it is revoked.',
    }),
    principal: required(principal),
  },
  refusals: ['invalid_time', 'store_full'],
  describe: () => [
    {
      group: 'keys',
      summary: 'Issue an API key',
      description: 'The key is told once: the log has only a hash of its secret. The log records who issued it.',
      result: {
        description: 'The key.',
        schema: objectOf({
          keyId: { type: 'string', description: 'Names the key where it is listed and revoked. It is not secret.' },
          key: { type: 'string', description: 'Send it as "Authorization: Bearer …".' },
          expiresAt: instantOrNull,
        }),
      },
    },
  ],
  async run({ keys }, asked, { by }): Promise<IssuedKey> {
    return await keys.issue(asked, by)
  },
})

/** A page of the keys. */
export interface KeyPage {
  readonly keys: readonly ApiKey[]
  readonly next: number | null
}

export const listKeys = operation({
  name: 'listKeys',
  effect: 'reads',
  of: 'server',
  needs: () => ({ verb: 'administer' }),
  parameters: {
    status: oneOf(['active', 'all', 'expired', 'revoked'], { description: 'Only those with this status.' }),
    from: wholeNumber({ description: 'How many keys, of any status, are before the page: `next` of the page before.' }),
    limit: wholeNumber({
      min: 1,
      max: pageMax,
      default: pageDefault,
      description: 'The maximum number of keys on the page.',
    }),
  },
  paging: { parameter: 'from', firstPageOnly: [] },
  describe: () => [
    {
      group: 'keys',
      summary: 'The API keys',
      description: 'In the order in which they were issued. Nothing of their secrets is told.',
      result: {
        description: 'A page of the keys.',
        schema: objectOf({
          keys: {
            type: 'array',
            items: objectOf({
              keyId: { type: 'string' },
              status: { enum: ['active', 'expired', 'revoked'] },
              principal: principalSchema,
              issuedAt: instantSchema,
              issuedBy: orNull,
              expiresAt: instantOrNull,
              revokedAt: instantOrNull,
              revokedBy: orNull,
              reason: { ...orNull, description: 'Why it was revoked.' },
            }),
          },
          next: { type: ['integer', 'null'] },
        }),
      },
    },
  ],
  async run({ keys }, { status = 'active', from = 0, limit = pageDefault }): Promise<KeyPage> {
    const all = await keys.list()
    const page: ApiKey[] = []
    let at = from
    for (; at < all.length && page.length < limit; at++) {
      const key = all[at]!
      if (status === 'all' || key.status === status) page.push(key)
    }
    return { keys: page, next: at < all.length ? at : null }
  },
})

export const revokeKey = operation({
  name: 'revokeKey',
  effect: 'changes',
  of: 'server',
  needs: () => ({ verb: 'administer' }),
  parameters: {
    keyId: required(text({ description: 'The id of the key.' })),
    reason: required(text({ bytesMax: recordedTextBytesMax, description: 'Why; the log records it.' })),
  },
  refusals: ['key_missing', 'store_full'],
  describe: () => [
    {
      group: 'keys',
      summary: 'Revoke an API key',
      description: 'The key is refused at once, also where it was used before. The log records who revoked it and why.',
      result: {
        description: 'revoked is false if it was revoked before.',
        schema: objectOf({ keyId: { type: 'string' }, revoked: { type: 'boolean' } }),
      },
    },
  ],
  async run({ keys }, asked, { by }): Promise<{ readonly keyId: string; readonly revoked: boolean }> {
    return { keyId: asked.keyId, revoked: await keys.revoke(asked, by) }
  },
})

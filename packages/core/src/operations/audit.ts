// Who did what, when, why, and how it ended: the audit trail, page by page.
import { type AuditPage, auditExaminedMax, auditPage, auditPageDefault } from '../history/audit.ts'
import { auditOutcomes } from '../history/audit-entries.ts'
import { type Causation, causationEventsMax, causationOf } from '../history/causation.ts'
import type { Known } from '../history/points.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { instantSchema, objectOf } from './json-schemas.ts'
import { pageMax } from './limits.ts'
import { operation } from './operation.ts'
import { invalid, oneOf, required, text, wholeNumber } from './parameters.ts'
import { pointIn, pointText } from './points.ts'

export const auditTrail = operation({
  name: 'auditTrail',
  effect: 'reads',
  of: 'both',
  heavy: true,
  needs: () => ({ verb: 'audit' }),
  parameters: {
    actor: text({ description: 'Only what this one did.' }),
    action: text({ description: 'Only this command, type of event, or operation.' }),
    stream: text({ description: 'Only what was done to this stream.' }),
    outcome: oneOf(['any', ...auditOutcomes], { description: 'Only what ended so.' }),
    code: text({ description: 'Only what was refused for this reason, or conflicted: expected_version, overtaken.' }),
    correlationId: text({ description: 'Only what one request set in motion.' }),
    causationId: text({ description: 'Only what this event or command directly led to.' }),
    from: pointText('The first point: a position or a time of recording, with the whole of a day'),
    to: pointText('The last point; now when left out'),
    direction: oneOf(['forwards', 'backwards'], { description: 'Oldest or newest entry first.' }),
    after: text({ description: 'Where the page before ended: `next` of that page.' }),
    limit: wholeNumber({
      min: 1,
      max: pageMax,
      default: auditPageDefault,
      description: `The maximum number of entries on the page. A page examines at most ${auditExaminedMax} events, so it may be short, or empty, and have a next one.`,
    }),
  },
  refusals: ['invalid_stream_name', 'invalid_time', 'invalid_position'],
  paging: { parameter: 'after', firstPageOnly: [] },
  describe: () => [
    {
      group: 'history',
      summary: 'The audit trail: who did what, when, why, and how it ended',
      description:
        'Commands, also refused and conflicting ones where the system records them, what operators did, events appended without a command, and reads where the system records them. ' +
        'An entry "gap" says how many records are missing.',
      result: {
        description: 'One page of entries, and where the next page starts; null if this is the last page.',
        schema: objectOf({
          entries: { type: 'array', items: entrySchema },
          next: { type: ['string', 'null'] },
          from: { type: 'integer', description: 'The first position that the question is about.' },
          to: { type: 'integer', description: 'The last one.' },
        }),
      },
    },
  ],
  async run({ store }, { from, to, outcome = 'any', ...filters }): Promise<AuditPage> {
    return await auditPage(store, {
      ...filters,
      outcome: outcome === 'any' ? undefined : outcome,
      from: from === undefined ? undefined : boundIn('from', from),
      to: to === undefined ? undefined : boundIn('to', to),
    })
  },
})

export const causation = operation({
  name: 'causation',
  effect: 'reads',
  heavy: true,
  needs: () => ({ verb: 'audit' }),
  parameters: { correlationId: required(text({ description: 'The correlation id of the request.' })) },
  describe: () => [
    {
      group: 'history',
      summary: 'What one request set in motion, and what led to what',
      description: `The entries of the audit trail with that correlation id, each after what led to it, across sagas. At most ${causationEventsMax} events are examined.`,
      result: {
        description: 'The tree, in order; no entries where nothing has that correlation id.',
        schema: objectOf({
          correlationId: anyText,
          entries: {
            type: 'array',
            items: objectOf({
              entry: entrySchema,
              cause: { type: ['integer', 'null'], description: 'The number of the entry that led to it, from 0.' },
              depth: { type: 'integer' },
            }),
          },
          isComplete: { type: 'boolean', description: 'False where there is more than is examined.' },
        }),
      },
    },
  ],
  run: async ({ store }, { correlationId }): Promise<Causation> => await causationOf(store, correlationId),
})

function boundIn(name: string, given: string): Known {
  const point = pointIn(name, given)
  if (!('version' in point) && !('validAt' in point)) return point
  throw invalid(name, `"${name}" takes a position or a time of recording: position:120 or recorded:2026-01-31.`)
}

const anyText: JsonSchema = { type: 'string' }
const tooLargeSchema: JsonSchema = {
  ...objectOf({ characters: { type: 'integer' }, sha256: anyText }),
  description: 'In its place, where its JSON is too large.',
}
const entrySchema: JsonSchema = {
  type: 'object',
  required: ['position', 'index', 'at', 'outcome', 'action'],
  properties: {
    position: { type: 'integer' },
    index: { type: 'integer', description: 'The place among the entries of the event at that position.' },
    at: { ...instantSchema, description: 'When it was done.' },
    outcome: { enum: auditOutcomes },
    action: anyText,
    stream: anyText,
    version: { type: 'integer' },
    actor: anyText,
    reason: { type: 'string', description: 'Why, as the caller said.' },
    code: { type: 'string', description: 'Why not.' },
    details: {},
    detailsTooLarge: tooLargeSchema,
    input: {},
    inputTooLarge: tooLargeSchema,
    eventId: anyText,
    commandId: anyText,
    correlationId: anyText,
    causationId: anyText,
  },
}

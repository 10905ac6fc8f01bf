// The schemas of what an operator sees of everything that follows the log.
import type { MisfitKind } from '../proofs/compare.ts'
import { consumerStates } from '../runtime/consumers/status.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { instantSchema, objectOf, ref } from './json-schemas.ts'

const common = {
  name: { type: 'string' },
  state: {
    enum: consumerStates.filter((state) => state !== 'rebuilding'),
    description: 'In this process. standby: another process runs it, or one will soon.',
  },
  position: { type: 'integer', description: 'Every event up to this position is handled or parked.' },
  lagEvents: { type: 'integer', description: 'The number of events in the log after that position.' },
}
const held = {
  holder: { type: 'string', description: 'The process that runs it, where several share the work.' },
  holderState: { type: 'string', description: 'While this process stands by: the state in the process that runs it.' },
}
const error = { type: 'object', description: 'Why it does not continue.' }

const sagaStatus = withProperties(
  withError(
    objectOf({
      ...common,
      kind: { const: 'saga' },
      active: { type: 'integer', description: 'The number of sagas under way.' },
      waiting: { type: 'integer', description: 'How many of them wait to try again after a fault that may pass.' },
      needsIntervention: {
        type: 'array',
        description: 'Sagas that cannot continue until a person resumes them or fixes the code.',
        items: objectOf({ sagaId: { type: 'string' }, problem: { type: 'string' } }),
      },
    }),
  ),
  {
    partitions: {
      type: 'array',
      description: 'The parts in which they run, if there are several, or several processes share the work.',
      items: withProperties(
        objectOf({ name: { type: 'string' }, state: common.state, position: common.position }),
        held,
      ),
    },
  },
)

const parkedEvent = objectOf({
  position: { type: 'integer' },
  eventId: { type: 'string' },
  type: { type: 'string' },
  stream: { type: 'string' },
  message: { type: 'string' },
  at: instantSchema,
})

const reactionStatus = withError(
  objectOf({
    ...common,
    kind: { enum: ['policy', 'reaction', 'subscription'] },
    parked: {
      type: 'array',
      description: 'Events that its code could not handle. Later events of the same streams wait behind them.',
      items: withProperties(parkedEvent, { code: { type: 'string' } }),
    },
  }),
)

const feedStatus = withError(
  objectOf({
    ...common,
    kind: { const: 'feed' },
    position: { type: 'integer', description: 'Every event up to this position of the other log was copied.' },
    lagEvents: { type: 'integer', description: 'The number of events in the other log after that position.' },
  }),
)

const treeStatus = withProperties(
  withError(
    objectOf({
      ...common,
      kind: { const: 'tree' },
      position: { type: 'integer', description: 'Every event up to this position is in the last checkpoint.' },
      publications: {
        type: 'array',
        description: 'Who gets the checkpoints, and up to which position they have one.',
        items: withError(objectOf({ name: { type: 'string' }, position: { type: 'integer' } })),
      },
    }),
  ),
  {
    misfit: {
      description: 'What happened to the log, if it is not the one that was signed. Nothing is signed then.',
      ...objectOf({
        kind: { enum: ['rewritten', 'cut short', 'forked'] satisfies MisfitKind[] },
        position: { type: ['integer', 'null'], description: 'The first event that is missing or another one.' },
        signed: { type: 'integer' },
        head: { type: 'integer' },
      }),
    },
  },
)

function withError(schema: JsonSchema): JsonSchema {
  return withProperties(schema, { error, ...held })
}

/** The same schema with more properties, which are not required. */
function withProperties(schema: JsonSchema, properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { ...schema, properties: { ...(schema.properties as object), ...properties } }
}

export const consumerDefinitions: Readonly<Record<string, JsonSchema>> = {
  SagaStatus: sagaStatus,
  ReactionStatus: reactionStatus,
  FeedStatus: feedStatus,
  TreeStatus: treeStatus,
  ConsumerStatus: {
    description: 'Tell them apart by kind.',
    anyOf: [ref('ProjectionStatus'), ref('SagaStatus'), ref('ReactionStatus'), ref('FeedStatus'), ref('TreeStatus')],
  },
}

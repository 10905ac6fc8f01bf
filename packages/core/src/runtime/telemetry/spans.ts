// The spans of a running system: the one list. Documents and the bridge to OpenTelemetry are made from it.
import type { AttributeName } from './attributes.ts'

export interface SpanDefinition {
  /** How its name reads, with the attributes that are in it. */
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client' | 'consumer'
  readonly meaning: string
  /** What it continues. */
  readonly parent: string
  /** What it links to. */
  readonly links: string
  readonly attributes: readonly AttributeName[]
}

const consumer = ['messaging.system', 'messaging.operation.name', 'messaging.operation.type'] as const
const group = [...consumer, 'messaging.consumer.group.name', 'error.type'] as const
const nothing = ''

export const spans = {
  request: {
    name: '{http.request.method} {http.route}',
    kind: 'server',
    meaning: 'A request to the HTTP API.',
    parent: 'the header `traceparent`',
    links: nothing,
    attributes: ['http.request.method', 'http.route', 'http.response.status_code', 'error.type'],
  },
  operation: {
    name: 'operation {indelible.operation}',
    kind: 'internal',
    meaning: 'An operation, whichever transport asked for it.',
    parent: 'the request',
    links: nothing,
    attributes: ['indelible.operation', 'error.type'],
  },
  command: {
    name: 'command {indelible.command}',
    kind: 'internal',
    meaning: 'A command, from its check until its events are durable. Its events have the traceparent of this span.',
    parent: 'the operation, the step of a saga, the policy, or the active span of the caller',
    links: nothing,
    attributes: [
      'indelible.category',
      'indelible.command',
      'indelible.outcome',
      'indelible.reason',
      'indelible.position',
      'error.type',
    ],
  },
  append: {
    name: 'append {indelible.category}',
    kind: 'internal',
    meaning: 'An append to the log, until it is durable. A command that others overtake has several.',
    parent:
      'the command, the turn, the activity, the operation; for an event of another system that is copied, that event',
    links: nothing,
    attributes: [
      'db.system.name',
      'db.operation.name',
      'indelible.category',
      'indelible.events',
      'indelible.outcome',
      'error.type',
    ],
  },
  turn: {
    name: 'saga {indelible.saga}',
    kind: 'internal',
    meaning:
      'A turn of a saga: what came in is recorded with what follows from it. The events of its stream have the traceparent of this span. While a saga waits, no span is open.',
    parent: 'the event or the call that started the saga; after that, the turn before',
    links: 'the event, or the call of a person, that came in',
    attributes: ['indelible.saga', 'error.type'],
  },
  step: {
    name: 'step {indelible.step}',
    kind: 'internal',
    meaning: 'A step of a saga: its command is sent, and answered or not.',
    parent: 'the turn that recorded that the command is to be sent',
    links: nothing,
    attributes: ['indelible.saga', 'indelible.step', 'indelible.command', 'indelible.outcome', 'error.type'],
  },
  remote: {
    name: 'send {indelible.command}',
    kind: 'client',
    meaning: 'A command is sent to another system. The request has the traceparent of this span.',
    parent: 'the step of the saga, or the policy',
    links: nothing,
    attributes: ['indelible.remote', 'indelible.category', 'indelible.command', 'indelible.outcome', 'error.type'],
  },
  activity: {
    name: 'activity {indelible.command}',
    kind: 'client',
    meaning:
      'A service is asked to do an activity. The request, and the event that records its answer, have the traceparent of this span.',
    parent: 'the step of the saga, or the policy',
    links: nothing,
    attributes: [
      'indelible.service',
      'indelible.command',
      'indelible.outcome',
      'http.request.method',
      'http.response.status_code',
      'error.type',
    ],
  },
  reaction: {
    name: 'react {messaging.consumer.group.name}',
    kind: 'consumer',
    meaning: 'One try of a policy or a reaction at one event.',
    parent: 'the event',
    links: nothing,
    attributes: [...group, 'indelible.kind', 'indelible.event'],
  },
  subscription: {
    name: 'subscribe {messaging.consumer.group.name}',
    kind: 'consumer',
    meaning: 'One try of a subscription at a batch of events.',
    parent: nothing,
    links: 'the events of the batch, at most 128 traces',
    attributes: [...group, 'messaging.batch.message_count'],
  },
  projection: {
    name: 'project {messaging.consumer.group.name}',
    kind: 'consumer',
    meaning: 'The rows of a batch of events are written to the table.',
    parent: nothing,
    links: 'the events of the batch, at most 128 traces',
    attributes: [...group, 'messaging.batch.message_count', 'indelible.position'],
  },
} as const satisfies Readonly<Record<string, SpanDefinition>>

export type SpanName = keyof typeof spans

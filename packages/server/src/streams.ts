// `GET /streams/{stream}`: the recorded events of one stream.
import { checkedStreamName, type Position, type RecordedEvent, type RunningSystem, type StreamName } from 'indelible'
import { json, linkTo } from './answers.ts'
import { eventSchemas } from './json-schemas.ts'
import { pageBytesMax, pageDefault, pageMax } from './limits.ts'
import { given, oneOf, read, text, wholeNumber } from './parameters.ts'
import { HttpError } from './problems.ts'
import { type Route, schemaRef } from './route.ts'

const stream = text('stream', { in: 'path', description: 'The name of the stream: <category>-<id>.' })
const from = wholeNumber('from', {
  in: 'query',
  description:
    'The position in the log where the page starts, inclusive: the lowest position for forwards, the highest for backwards. The links to next pages contain it. ' +
    'It is a position and not a version, because the log is indexed by position, so every page costs the same.',
})
const limit = wholeNumber('limit', {
  in: 'query',
  min: 1,
  max: pageMax,
  default: pageDefault,
  description: 'The maximum number of events on the page. There are fewer if they are large.',
})
const direction = oneOf('direction', ['forwards', 'backwards'], {
  in: 'query',
  description: 'Oldest or newest event first.',
})

type ReadPage = { from: Position | undefined; limit: number; direction: 'forwards' | 'backwards' }

export function streamRoute(running: RunningSystem): Route {
  const { events, schemas } = eventSchemas(running.system)
  return {
    method: 'GET',
    path: '/streams/{stream}',
    parameters: [stream, from, limit, direction],
    async handle(c) {
      const name = checkedStreamName(read(c, stream)!)
      const page = {
        from: read(c, from),
        limit: read(c, limit) ?? pageDefault,
        direction: read(c, direction) ?? 'forwards',
      }
      const { events, next } = await readPage(running, name, page)
      if (events.length === 0 && !(await hasEvents(running, name))) {
        throw new HttpError('stream_missing', `There are no events in ${name}.`)
      }
      return json({ stream: name, events, next: next === null ? null : linkTo(c.req.raw, { from: String(next) }) })
    },
    operations: [
      {
        path: '/streams/{stream}',
        tag: 'history',
        summary: 'The events of a stream',
        answers: {
          200: {
            description: 'One page of events, and the link to the next page; null if this is the last page.',
            schema: {
              type: 'object',
              required: ['stream', 'events', 'next'],
              properties: {
                stream: { type: 'string' },
                events: { type: 'array', items: { anyOf: [...events.map(schemaRef), schemaRef('RecordedEvent')] } },
                next: { type: ['string', 'null'], format: 'uri-reference' },
              },
            },
          },
        },
        problems: [400, 404],
        schemas,
      },
    ],
  }
}

/** `next` is the position of the first event after the page, or null. */
async function readPage(
  { store }: RunningSystem,
  name: StreamName,
  { from, limit, direction }: ReadPage,
): Promise<{ events: readonly RecordedEvent[]; next: Position | null }> {
  const start = direction === 'forwards' ? given({ from }) : given({ to: from })
  const page: RecordedEvent[] = []
  let bytes = 0
  for await (const { events } of store.read([{ streams: [name] }], { ...start, direction, limit: limit + 1 })) {
    for (const event of events) {
      if (page.length === limit || bytes > pageBytesMax) return { events: page, next: event.position }
      bytes += event.dataBytes.length + event.metadataBytes.length
      page.push(event)
    }
  }
  return { events: page, next: null }
}

async function hasEvents({ store }: RunningSystem, name: StreamName): Promise<boolean> {
  for await (const { events } of store.read([{ streams: [name] }], { limit: 1 })) if (events.length > 0) return true
  return false
}

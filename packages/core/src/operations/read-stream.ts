// The recorded events of one stream, page by page.
import type { Sees } from '../access/index.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import { checkedStreamName, type StreamName } from '../kernel/streams.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import { eventNames } from './event-definitions.ts'
import { objectOf, ref } from './json-schemas.ts'
import { pageBytesMax, pageDefault, pageMax } from './limits.ts'
import { operation } from './operation.ts'
import { given, oneOf, required, text, wholeNumber } from './parameters.ts'

interface ReadPage {
  readonly from: Position | undefined
  readonly limit: number
  readonly direction: 'forwards' | 'backwards'
  readonly sees: Sees
}

/** A page of events. */
export interface StreamPage {
  readonly stream: StreamName
  readonly events: readonly RecordedEvent[]
  /** The position of the first event after the page, or null. */
  readonly next: Position | null
}

export const readStream = operation({
  name: 'readStream',
  effect: 'reads',
  needs: ({ stream }) => ({ verb: 'read', stream, of: 'events' }),
  parameters: {
    stream: required(text({ description: 'The name of the stream: <category>-<id>.' })),
    from: wholeNumber({
      description:
        'The position in the log where the page starts, inclusive: the lowest position for forwards, the highest for backwards. ' +
        'It is a position and not a version, because the log is indexed by position, so every page costs the same.',
    }),
    limit: wholeNumber({
      min: 1,
      max: pageMax,
      default: pageDefault,
      description: 'The maximum number of events on the page. There are fewer if they are large.',
    }),
    direction: oneOf(['forwards', 'backwards'], { description: 'Oldest or newest event first.' }),
  },
  refusals: ['invalid_stream_name', 'stream_missing'],
  paging: { parameter: 'from', firstPageOnly: [] },
  describe: (system) => [
    {
      group: 'history',
      summary: 'The events of a stream',
      result: {
        description: 'One page of events, and where the next page starts; null if this is the last page.',
        schema: objectOf({
          stream: { type: 'string' },
          events: { type: 'array', items: { anyOf: [...eventNames(system).map(ref), ref('RecordedEvent')] } },
          next: { type: ['integer', 'null'] },
        }),
      },
    },
  ],
  async run(running, input, { sees }): Promise<StreamPage> {
    const stream = checkedStreamName(input.stream)
    const { from, limit = pageDefault, direction = 'forwards' } = input
    const page = await readPage(running, stream, { from, limit, direction, sees })
    if (page.events.length === 0 && !(await hasEvents(running, stream, sees))) {
      throw new IndelibleError('stream_missing', `There are no events in ${stream}.`)
    }
    return { stream, ...page }
  },
})

/** Events that are not seen are as if they were not there: neither an empty page nor the next one tells of them. */
async function readPage(
  { store }: RunningSystem,
  stream: StreamName,
  { from, limit, direction, sees }: ReadPage,
): Promise<Omit<StreamPage, 'stream'>> {
  const start = direction === 'forwards' ? given({ from }) : given({ to: from })
  const most = sees.isAll ? { limit: limit + 1 } : {}
  const page: RecordedEvent[] = []
  let bytes = 0
  for await (const { events } of store.read([{ streams: [stream] }], { ...start, direction, ...most })) {
    for (const event of sees.events(events)) {
      if (page.length === limit || bytes > pageBytesMax) return { events: page, next: event.position }
      bytes += event.dataBytes.length + event.metadataBytes.length
      page.push(event)
    }
  }
  return { events: page, next: null }
}

async function hasEvents({ store }: RunningSystem, stream: StreamName, sees: Sees): Promise<boolean> {
  const most = sees.isAll ? { limit: 1 } : {}
  for await (const { events } of store.read([{ streams: [stream] }], most))
    if (sees.events(events).length > 0) return true
  return false
}

// Events as they are recorded: of the whole log, or of one stream.
import type { Principal, Sees } from '../access/index.ts'
import type { QueryItem } from '../kernel/queries.ts'
import { recordedNames } from '../kernel/recorded-forms.ts'
import { isReserved } from '../kernel/reserved.ts'
import { checkedStreamName } from '../kernel/streams.ts'
import type { EventEntry, FeedMessage, LiveFeed } from '../runtime/live/index.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import type { SystemDescription } from '../schema/system-description.ts'
import { eventNames } from './event-definitions.ts'
import { ref } from './json-schemas.ts'
import { messageSchema, reachedSchemas, resumption } from './live-schemas.ts'
import { operation } from './operation.ts'
import { given, invalid, required, text, texts, wholeNumber } from './parameters.ts'

export const followEvents = operation({
  name: 'followEvents',
  effect: 'reads',
  needs: ({ types }) => ({ verb: 'read', events: types }),
  isLive: true,
  parameters: {
    types: texts({ description: 'Only events of these types.' }),
    categories: texts({ description: 'Only events of streams of these categories.' }),
    streams: texts({ description: 'Only events of these streams.' }),
    tags: texts({ description: 'Only events that have all of these tags.' }),
    after: wholeNumber({
      description: 'Events after this position: 0 for all. Without it, those that are recorded from now on.',
    }),
    ...resumption,
  },
  refusals: ['feed_diverged', 'invalid_stream_name'],
  describe: (system) => [
    {
      group: 'history',
      summary: 'Events as they are recorded',
      description:
        'An event has to meet all conditions that are given. Reserved events (of types that begin with "$") are there only if their type, category or stream is asked for.',
      result: { description: 'The events, in the order of the log.', schema: eventsSchema(system) },
    },
  ],
  async run(running, input, { principal, sees, signal }): Promise<LiveFeed> {
    const { types, categories, streams, tags, history, lastEventId, after } = input
    const declared = new Set(recordedNames(running.system.events))
    const stranger = types?.find((type) => !isReserved(type) && !declared.has(type))
    if (stranger !== undefined) throw invalid('types', `The system declares no event "${stranger}".`)
    const item: QueryItem = given({ types, categories, tags, streams: streams?.map(checkedStreamName) })
    const query = Object.keys(item).length === 0 ? 'all' : [item]
    const shown = seenBy(principal, sees, tags)
    const from = begun({ after, history, lastEventId })
    return await running.live.events.follow({ query, ...from, shown }, signalOf(signal))
  },
})

export const followStream = operation({
  name: 'followStream',
  effect: 'reads',
  needs: ({ stream }) => ({ verb: 'read', stream, of: 'events' }),
  isLive: true,
  parameters: {
    stream: required(text({ description: 'The name of the stream: <category>-<id>. It need not have events yet.' })),
    after: wholeNumber({ description: 'Events after this position in the log. Without it, from the first one on.' }),
    afterVersion: wholeNumber({ description: 'Events after this version of the stream.' }),
    ...resumption,
  },
  refusals: ['feed_diverged', 'invalid_stream_name'],
  describe: (system) => [
    {
      group: 'history',
      summary: 'The events of a stream, and then new ones as they are recorded',
      result: { description: 'The events, in their order.', schema: eventsSchema(system) },
    },
  ],
  async run(
    running,
    { stream, after = 0, afterVersion = 0, ...place },
    { principal, sees, signal },
  ): Promise<LiveFeed> {
    const query = [{ streams: [checkedStreamName(stream)] }]
    const seen = seenBy(principal, sees)
    const shown = {
      name: `after version ${afterVersion} ${seen.name}`,
      messages: (entry: EventEntry) => (entry.event.version > afterVersion ? seen.messages(entry) : []),
    }
    const { history, lastEventId } = place
    const from = begun({ after, history, lastEventId })
    return await running.live.events.follow({ query, ...from, shown }, signalOf(signal))
  },
})

/** Readers who see the same share what is made for them. Whoever asks for a tag that is left out gets nothing: it would tell that the event has it. */
function seenBy({ actor, roles, attributes }: Principal, sees: Sees, tags: readonly string[] = []) {
  const whole = ({ messages }: EventEntry): readonly FeedMessage[] => messages
  if (sees.isAll) return { name: 'event', messages: whole }
  return {
    name: `event for ${JSON.stringify([actor, roles, attributes])}`,
    messages: (entry: EventEntry): readonly FeedMessage[] => {
      const { event, position } = entry
      const seen = sees.event(event)
      if (seen === event) return whole(entry)
      return seen && tags.every((tag) => seen.tags.includes(tag)) ? [{ kind: 'event', position, data: seen }] : []
    },
  }
}

interface From {
  readonly after: number | undefined
  readonly history: string | undefined
  readonly lastEventId: number | undefined
}

/** A reader who comes again names the position that it got last. `history` belongs to the one that it began with. */
export function begun({ after, history, lastEventId }: From): Pick<From, 'after' | 'history'> {
  return lastEventId === undefined ? { after, history } : { after: lastEventId, history: undefined }
}

/** Without a signal, the feed ends when the system closes. */
export function signalOf(signal: AbortSignal | undefined): AbortSignal {
  return signal ?? new AbortController().signal
}

function eventsSchema(system: SystemDescription): JsonSchema {
  return messageSchema({
    event: { anyOf: [...eventNames(system).map(ref), ref('RecordedEvent')] },
    ...reachedSchemas,
  })
}

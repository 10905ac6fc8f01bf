// A system of any number of event types, for documents and pictures of a great size. Ten events make an aggregate.
import {
  type Aggregate,
  type AggregateName,
  aggregate,
  defineSystem,
  type EventType,
  event,
  policy,
  projection,
  reaction,
  type System,
  saga,
  text,
} from 'indelible'
import { z } from 'zod'

const things = ['invoice', 'parcel', 'contract', 'claim', 'shift', 'ticket', 'meter', 'route', 'batch', 'licence']
const kinds = ['', 'draft', 'foreign']
const deeds = [
  ['Open', 'Opened'],
  ['Approve', 'Approved'],
  ['Assign', 'Assigned'],
  ['Rename', 'Renamed'],
  ['Extend', 'Extended'],
  ['Suspend', 'Suspended'],
  ['Resume', 'Resumed'],
  ['Correct', 'Corrected'],
  ['Close', 'Closed'],
  ['Archive', 'Archived'],
] as const
const payload = z.object({ note: z.string().max(500), by: z.string(), amounts: z.array(z.object({ cents: z.int() })) })

export function largeSystem(eventTypes: number): System {
  const count = Math.ceil(eventTypes / deeds.length)
  const parts = Array.from({ length: count }, (_, index) =>
    partOf(index, Math.min(deeds.length, eventTypes - index * deeds.length)),
  )
  return defineSystem({
    name: 'large',
    description: `A made-up system of ${eventTypes} event types.`,
    commands: parts.flatMap(({ commands }) => commands),
    projections: parts.flatMap(({ tables }) => tables),
    sagas: parts.flatMap((part, index) =>
      index % 2 === 0 ? [sagaOf(part, parts[(index + 1) % count]!, parts[(index + 3) % count]!)] : [],
    ),
    policies: parts.flatMap((part, index) => (index % 2 === 1 ? [policyOf(part, parts[(index + 2) % count]!)] : [])),
    reactions: parts.flatMap(({ name, events }, index) =>
      index % 6 === 0 ? [reaction(`tell_${name}`).on(events[0]!, () => {})] : [],
    ),
  })
}

/** An aggregate that handles all of these events. */
type Folding = Aggregate<object, EventType<string, z.infer<typeof payload>>, AggregateName<string, string>>
type Part = ReturnType<typeof partOf>

function partOf(index: number, size: number) {
  const name = [kinds[Math.floor(index / things.length) % kinds.length], things[index % things.length]]
    .filter((each) => each !== '')
    .join('_')
  const unique = index < things.length * kinds.length ? name : `${name}_${index}`
  const title = unique.replaceAll(/(^|_)(\w)/g, (_all, _start, letter: string) => letter.toUpperCase())
  const events = deeds
    .slice(0, size)
    .map(([, past]) =>
      event(`${title}${past}`, payload, { personal: ['by'], description: `A ${name} was ${past.toLowerCase()}.` }),
    )
  const empty = aggregate(unique, {
    initialState: {} as object,
    description: `A ${name}, from its beginning to the archive.`,
  })
  const folding = events.reduce<Folding>((made, each) => made.on(each, (state) => state) as never, empty as never)
  const commands = deeds.slice(0, size).map(([deed], at) =>
    folding.command(`${deed}${title}`, {
      input: payload,
      emits: [events[at]!],
      refuses: at === 0 ? ['Exists'] : ['NotOpen'],
      decide: (_state, data) => events[at]!(data),
    }),
  )
  const table = (suffix: string, of: typeof events) =>
    of.reduce(
      (made, each) => made.write(each, (_data, { streamId }) => ({ id: streamId, note: '' })),
      projection(`${unique}_${suffix}`, { table: { id: text().key(), note: text() } }),
    )
  return { name: unique, events, commands, tables: [table('list', events), table('dates', events.slice(0, 3))] }
}

function sagaOf({ name, events }: Part, next: Part, last: Part) {
  const send = (part: Part, at: number) => ({
    command: part.commands[at % part.commands.length]!,
    to: () => 'a',
    input: () => ({ note: '', by: '', amounts: [] }),
  })
  return saga(`${name}_process`, { startsOn: events[0]!, owner: 'operations' })
    .step('prepare', { ...send(next, 1), compensate: send(next, 8) })
    .awaitEvent('approval', next.events[next.events.length - 1]!, { within: '2d' })
    .step('finish', { ...send(last, 2), compensate: 'nothing', timeout: '1m' })
}

function policyOf({ name, events }: Part, other: Part) {
  const command = other.commands[0]!
  return policy(`${name}_policy`, { sends: [command] }).on(events[events.length - 1]!, (_data, { streamId }) =>
    command(streamId, { note: '', by: '', amounts: [] }),
  )
}

// The domain of the campaigns: jars that are filled, poured into each other and broken. Its tables, and what must be in them, said a second time without
// any of our code.
import {
  aggregate,
  bigint,
  defineSystem,
  event,
  type NewEvent,
  type Projection,
  projection,
  type RecordedEvent,
  type Row,
  removal,
  type System,
  text,
} from 'indelible'
import { z } from 'zod'

const amount = z.int()
const Filled = event('Filled', z.object({ amount }))
const Poured = event('Poured', z.object({ amount, to: z.string() }))
const Broken = event('Broken', z.object({}))
const events = [Filled, Poured, Broken] as const

const jar = aggregate('jar', {
  initialState: {},
  events,
  evolve: { Filled: (state) => state, Poured: (state) => state, Broken: (state) => state },
})
export const Fill = jar.command('Fill', { input: Filled.schema, decide: (_state, data) => Filled(data) })

/** How many jars there are. */
const jars = 40

/** Small segments, so that folds meet sealed ones with replay columns as well as the rest. */
export const jarLimits = { segmentEventsMax: 400, segmentBytesMax: 128 * 1024, unindexedEventsMax: 100 }

/** Some events for one commit. */
export function someEvents(draw: (below: number) => number): NewEvent[] {
  return Array.from({ length: 1 + draw(12) }, (): NewEvent => {
    const stream = `jar-${draw(jars)}` as const
    const kind = draw(10)
    if (kind === 0) return { stream, type: 'Broken', data: {} }
    if (kind < 4) return { stream, type: 'Poured', data: { amount: draw(50), to: String(draw(jars)) } }
    return { stream, type: 'Filled', data: { amount: draw(100) } }
  })
}

/** How many events each jar had. */
const counts = (revision: number) =>
  projection('jar_counts', {
    table: { jar: text().key(), events: bigint(), last: bigint(), revision: bigint() },
    events,
    on: {
      Filled: ({ streamId: jar, position: last }, row = { jar, events: 0, last, revision }) => counted(row, last),
      Poured: ({ streamId: jar, position: last }, row = { jar, events: 0, last, revision }) => counted(row, last),
      Broken: ({ streamId: jar, position: last }, row = { jar, events: 0, last, revision }) => counted(row, last),
    },
    revision,
  })

const counted = <Counted extends { events: number }>(row: Counted, last: number) => ({
  ...row,
  events: row.events + 1,
  last,
})

/** What was filled in less what was poured out. */
const sums = (revision: number) =>
  projection('jar_sums', {
    table: { jar: text().key(), sum: bigint() },
    events: [Filled, Poured],
    on: {
      Filled: ({ streamId: jar, data }, row = { jar, sum: 0 }) => ({ ...row, sum: row.sum + revision * data.amount }),
      Poured: ({ streamId: jar, data }, row = { jar, sum: 0 }) => ({ ...row, sum: row.sum - revision * data.amount }),
    },
    revision,
  })

/** Each event concerns up to three rows. */
const flows = (revision: number) =>
  projection('flows', {
    table: { place: text().key(), volume: bigint() },
    events: [Filled, Poured],
    key: ({ streamId, data }) => {
      const { to } = data as { to?: string }
      return [streamId, ...(to === undefined ? [] : [to]), 'all'].map((place) => ({ place }))
    },
    on: {
      Filled: ({ data }, row = { place: '', volume: 0 }, { place }) => ({
        place: place!,
        volume: row.volume + revision * data.amount,
      }),
      Poured: ({ data, streamId }, row = { place: '', volume: 0 }, { place }) => {
        const change = (place === data.to ? data.amount : 0) - (place === streamId ? data.amount : 0)
        return { place: place!, volume: row.volume + revision * change }
      },
    },
    revision,
  })

/** Rows come and go, and some are written from the stream of another. */
const wholeJars = (revision: number) =>
  projection('whole_jars', {
    table: { jar: text().key(), volume: bigint() },
    events,
    on: {
      Filled: ({ streamId: jar, data }, row = { jar, volume: 0 }) => ({
        ...row,
        volume: row.volume + revision * data.amount,
      }),
      Poured: ({ streamId: jar, data }, row = { jar, volume: 0 }) => [
        { ...row, volume: row.volume - revision * data.amount },
        { jar: `spilt by ${jar}`, volume: revision * data.amount },
        removal({ jar: `spilt by ${data.to}` }),
      ],
      Broken: () => null,
    },
    revision,
  })

/** `revision` stands for a change of the code: it changes the rows. */
export function jarSystem(revision = 1): System {
  const projections = [counts(revision), sums(revision), flows(revision), wholeJars(revision)]
  return defineSystem({ name: 'jars', commands: [Fill], projections: projections as unknown as Projection[] })
}

type Facts = Pick<RecordedEvent, 'streamId' | 'position' | 'type' | 'data'>

/** What must be in a table, by key, after these events. */
export function expectedRows(name: string, revision: number, history: readonly Facts[]): Map<string, Row> {
  const rows = new Map<string, Record<string, unknown>>()
  const add = (key: string, column: string, value: number, otherwise: Record<string, unknown>) => {
    const row = rows.get(key) ?? { ...otherwise, [column]: 0 }
    row[column] = (row[column] as number) + value
    rows.set(key, row)
    return row
  }
  for (const { streamId: jar, position, type, data } of history) {
    const { amount = 0, to = '' } = data as { amount?: number; to?: string }
    const volume = revision * amount
    if (name === 'jar_counts') add(jar, 'events', 1, { jar, revision }).last = position
    if (name === 'jar_sums' && type !== 'Broken') add(jar, 'sum', type === 'Filled' ? volume : -volume, { jar })
    if (name === 'flows' && type !== 'Broken') {
      add(jar, 'volume', type === 'Filled' ? volume : -volume, { place: jar })
      add('all', 'volume', type === 'Filled' ? volume : 0, { place: 'all' })
      if (type === 'Poured') add(to, 'volume', volume, { place: to })
    }
    if (name === 'whole_jars') {
      if (type === 'Broken') rows.delete(jar)
      if (type === 'Filled') add(jar, 'volume', volume, { jar })
      if (type === 'Poured') {
        add(jar, 'volume', -volume, { jar })
        rows.set(`spilt by ${jar}`, { jar: `spilt by ${jar}`, volume })
        rows.delete(`spilt by ${to}`)
      }
    }
  }
  return rows
}

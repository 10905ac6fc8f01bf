// The domain of the campaigns: jars that are filled, poured into each other and broken. Its tables, and their expected content, computed a second time
// without any of our code.
import {
  aggregate,
  bigint,
  defineSystem,
  event,
  type NewEvent,
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

const jar = aggregate('jar', { initialState: {} })
  .on(Filled, (state) => state)
  .on(Poured, (state) => state)
  .on(Broken, (state) => state)
export const Fill = jar.command('Fill', {
  input: Filled.schema,
  emits: [Filled],
  decide: (_state, data) => Filled(data),
})

/** How many jars there are. */
const jars = 40

/** Small segments, so that folds read sealed segments with replay columns as well as the rest. */
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
const counts = (version: number) => {
  const begun = {
    initial: (_key: unknown, _data: unknown, { streamId, position }: RecordedEvent) => ({
      jar: streamId,
      events: 0,
      last: position,
      version,
    }),
  }
  return projection('jar_counts', {
    table: { jar: text().key(), events: bigint(), last: bigint(), version: bigint() },
    version,
  })
    .on(Filled, begun, (row, _data, { position }) => counted(row, position))
    .on(Poured, begun, (row, _data, { position }) => counted(row, position))
    .on(Broken, begun, (row, _data, { position }) => counted(row, position))
}

const counted = <Counted extends { events: number }>(row: Counted, last: number) => ({
  ...row,
  events: row.events + 1,
  last,
})

/** What was filled in minus what was poured out. */
const sums = (version: number) => {
  const begun = { initial: (_key: unknown, _data: unknown, { streamId }: RecordedEvent) => ({ jar: streamId, sum: 0 }) }
  return projection('jar_sums', { table: { jar: text().key(), sum: bigint() }, version })
    .on(Filled, begun, (row, { amount }) => ({ ...row, sum: row.sum + version * amount }))
    .on(Poured, begun, (row, { amount }) => ({ ...row, sum: row.sum - version * amount }))
}

/** Each event concerns up to three rows. */
const flows = (version: number) => {
  const initial = ({ place }: { place?: string }) => ({ place: place!, volume: 0 })
  const places = (...names: string[]) => [...names, 'all'].map((place) => ({ place }))
  return projection('flows', { table: { place: text().key(), volume: bigint() }, version })
    .on(Filled, { key: (_data, { streamId }) => places(streamId), initial }, (row, { amount }) => ({
      ...row,
      volume: row.volume + version * amount,
    }))
    .on(
      Poured,
      { key: ({ to }, { streamId }) => places(streamId, to), initial },
      (row, { amount, to }, { streamId }) => {
        const change = (row.place === to ? amount : 0) - (row.place === streamId ? amount : 0)
        return { ...row, volume: row.volume + version * change }
      },
    )
}

/** Rows appear and disappear, and some are written from the stream of another jar. */
const wholeJars = (version: number) => {
  const begun = {
    initial: (_key: unknown, _data: unknown, { streamId }: RecordedEvent) => ({ jar: streamId, volume: 0 }),
  }
  return projection('whole_jars', { table: { jar: text().key(), volume: bigint() }, version })
    .on(Filled, begun, (row, { amount }) => ({ ...row, volume: row.volume + version * amount }))
    .on(Poured, begun, (row, { amount, to }) => [
      { ...row, volume: row.volume - version * amount },
      { jar: `spilt by ${row.jar}`, volume: version * amount },
      removal({ jar: `spilt by ${to}` }),
    ])
    .on(Broken, begun, () => null)
}

/** Each version has its own rows. */
export function jarSystem(version = 1): System {
  const projections = [counts(version), sums(version), flows(version), wholeJars(version)]
  return defineSystem({ name: 'jars', commands: [Fill], projections })
}

type Facts = Pick<RecordedEvent, 'streamId' | 'position' | 'type' | 'data'>

/** The expected rows of a table after these events, by key. */
export function expectedRows(name: string, version: number, history: readonly Facts[]): Map<string, Row> {
  const rows = new Map<string, Record<string, unknown>>()
  const add = (key: string, column: string, value: number, otherwise: Record<string, unknown>) => {
    const row = rows.get(key) ?? { ...otherwise, [column]: 0 }
    row[column] = (row[column] as number) + value
    rows.set(key, row)
    return row
  }
  for (const { streamId: jar, position, type, data } of history) {
    const { amount = 0, to = '' } = data as { amount?: number; to?: string }
    const volume = version * amount
    if (name === 'jar_counts') add(jar, 'events', 1, { jar, version }).last = position
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

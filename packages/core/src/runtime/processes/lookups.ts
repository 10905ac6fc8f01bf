// Looks up many sagas together, which costs far less than one after the other.
import type { Position } from '../../kernel/positions.ts'
import { type StreamName, streamIdOf, streamName } from '../../kernel/streams.ts'
import type { EventStore } from '../../store/port.ts'
import { sagaLookGapMax, sagasLookedUpTogetherMax } from '../limits.ts'
import type { SagaInstanceOptions } from './instance.ts'
import { foldSaga, type SagaState } from './state.ts'

type Found = readonly [sagaId: string, state: SagaState]
type Sagas = Pick<SagaInstanceOptions, 'saga' | 'store'>

/** The sagas whose newest events are at these positions, which are in ascending order. */
export async function sagasAt({ saga, store }: Sagas, positions: readonly Position[]): Promise<readonly Found[]> {
  const wanted = new Map<StreamName, Position>()
  const places = new Set(positions)
  for (const { from, to } of rangesOf(positions)) {
    for await (const { events } of store.read('all', { from, to, reserved: true })) {
      for (const { stream, position } of events)
        if (places.has(position) && stream.startsWith(`${saga.category}-`)) wanted.set(stream, position)
    }
  }
  const found = await statesOf(store, [...wanted.keys()])
  return [...found].flatMap(([stream, state]) =>
    state.position === wanted.get(stream) ? [[streamIdOf(stream), state] as const] : [],
  )
}

/** The sagas with these ids, some at a time. */
export async function* sagasOf({ saga, store }: Sagas, sagaIds: Iterable<string>): AsyncGenerator<Found> {
  const streams = [...sagaIds].map((id) => streamName(saga.category, id))
  for (let from = 0; from < streams.length; from += sagasLookedUpTogetherMax) {
    const found = await statesOf(store, streams.slice(from, from + sagasLookedUpTogetherMax))
    for (const [stream, state] of found) yield [streamIdOf(stream), state]
  }
}

async function statesOf(
  store: EventStore,
  streams: readonly StreamName[],
): Promise<ReadonlyMap<StreamName, SagaState>> {
  const states = new Map<StreamName, SagaState>()
  if (streams.length === 0) return states
  for await (const { events } of store.read([{ streams }])) {
    for (const event of events) states.set(event.stream, foldSaga([event], states.get(event.stream))!)
  }
  return states
}

/** What lies near to each other is read together. */
function rangesOf(positions: readonly Position[]): readonly { readonly from: Position; to: Position }[] {
  const ranges: { readonly from: Position; to: Position }[] = []
  for (const position of positions) {
    const last = ranges.at(-1)
    if (last && position - last.to <= sagaLookGapMax) last.to = position
    else ranges.push({ from: position, to: position })
  }
  return ranges
}

// What is kept of the sagas of one kind, so that a start reads only what has happened since.
import type { Position } from '../../kernel/positions.ts'
import { instant } from '../../kernel/time.ts'
import type { ConsumerRecord } from '../../store/consumers.ts'
import { historyUpTo } from '../../store/history.ts'
import { sagaIntakeMax } from '../limits.ts'
import type { KeptDue } from './due-sagas.ts'
import type { SagaStart } from './events.ts'
import type { SagaInstanceOptions } from './instance.ts'

export async function recordAt(
  { saga, store, clock }: SagaInstanceOptions,
  {
    position,
    isPaused,
    kept,
  }: { readonly position: Position; readonly isPaused: boolean; readonly kept: KeptDue | undefined },
): Promise<ConsumerRecord> {
  const checkpoint = { position, history: await historyUpTo(store, position) }
  return { name: saga.name, checkpoint, isPaused, parked: [], kept, updatedAt: instant(clock.now()) }
}

/** The record of a saga that has none: it goes on where its history says, and a saga that is new begins where it declares. */
export async function newRecord(options: SagaInstanceOptions, head: Position): Promise<ConsumerRecord> {
  const { saga, store } = options
  const begun: Position[] = []
  for await (const { events } of store.read([{ categories: [saga.category], types: ['$SagaStarted'] }])) {
    for (const { data } of events) {
      const { startedBy } = data as { readonly startedBy: SagaStart }
      // No event of the log started a child or a schedule.
      if (startedBy.position > 0) begun.push(startedBy.position)
    }
  }
  // So many events may have been taken in at the same time: those before the last so many are complete.
  const complete = begun.sort((one, other) => one - other).at(-sagaIntakeMax) ?? begun[0]
  const position = complete === undefined ? (saga.from === 'now' ? head : 0) : complete - 1
  // Nothing is known of those that are under way: the start reads the history of all.
  return await recordAt(options, { position, isPaused: false, kept: undefined })
}

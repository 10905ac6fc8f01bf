// What is kept of the sagas of one kind, so that a start reads only what has happened since.
import type { Position } from '../../kernel/positions.ts'
import { instant } from '../../kernel/time.ts'
import type { ConsumerRecord } from '../../store/consumers.ts'
import { historyUpTo } from '../../store/history.ts'
import { sagaIntakeMax } from '../limits.ts'
import type { SagaStart } from './events.ts'
import type { SagaInstanceOptions } from './instance.ts'
import type { SagaLayout } from './saga-layout.ts'

export function recordAt(
  { clock }: Pick<SagaInstanceOptions, 'clock'>,
  { name, checkpoint, kept }: Pick<ConsumerRecord, 'name' | 'checkpoint' | 'kept'>,
): ConsumerRecord {
  return { name, checkpoint, isPaused: false, parked: [], kept, updatedAt: instant(clock.now()) }
}

/** The record of a saga that has none: it goes on where its history says, and a saga that is new begins where it declares. */
export async function newRecord(
  options: SagaInstanceOptions,
  { head, partitions }: { readonly head: Position; readonly partitions: number },
): Promise<ConsumerRecord> {
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
  const checkpoint = { position, history: await historyUpTo(store, position) }
  const kept: SagaLayout = { partitions, generation: 1, from: undefined }
  return recordAt(options, { name: saga.name, checkpoint, kept })
}

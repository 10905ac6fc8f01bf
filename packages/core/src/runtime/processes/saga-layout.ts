// In how many partitions the sagas of one kind run, and from where each goes on. It is kept in the record of the saga; each partition has a record of its own.
import type { AnySaga } from '../../kernel/processes/saga.ts'
import type { ConsumerRecord, ConsumerRecords } from '../../store/consumers.ts'
import { type KeptDue, mergedDue } from './due-list.ts'

export interface SagaLayout {
  readonly partitions: number
  /** How often it was changed: the records of other layouts mean nothing any more. */
  readonly generation: number
  /** What was kept when it began. A partition without a record goes on from here. */
  readonly from: KeptDue | undefined
  /** The number that is wanted, if it is another: then no partition is run until that is the number. */
  readonly wanted?: number
}

/** Which of the partitions an instance belongs to: FNV-1a over its id. */
export function partitionOf(sagaId: string, partitions: number): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < sagaId.length; at++) hash = Math.imul(hash ^ sagaId.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % partitions
}

export function layoutOf({ kept }: ConsumerRecord): SagaLayout {
  return kept as SagaLayout
}

/** Of its record and of its lease. */
export function partitionName({ name }: AnySaga, { generation }: SagaLayout, partition: number): string {
  return `${name}.${generation}.${partition}`
}

/** The names of all partitions. */
export function partitionNames(saga: AnySaga, layout: SagaLayout): readonly string[] {
  return Array.from({ length: layout.partitions }, (_, partition) => partitionName(saga, layout, partition))
}

/**
 * The record with the wanted layout: it goes on from the partition that is least far. What others took in beyond that is taken in again, and each saga knows
 * it already. Call it when no partition runs.
 */
export async function relaid(saga: AnySaga, record: ConsumerRecord, records: ConsumerRecords): Promise<ConsumerRecord> {
  const layout = layoutOf(record)
  const found: Pick<ConsumerRecord, 'checkpoint' | 'kept'>[] = []
  for (const name of partitionNames(saga, layout))
    found.push((await records.load(name)) ?? { checkpoint: record.checkpoint, kept: layout.from })
  const { checkpoint } = found.reduce((one, other) =>
    other.checkpoint.position < one.checkpoint.position ? other : one,
  )
  const from = mergedKept(found.map(({ kept }) => kept as KeptDue | undefined))
  const next: SagaLayout = { partitions: layout.wanted!, generation: layout.generation + 1, from }
  return { ...record, checkpoint, kept: next }
}

/** What is kept of all partitions together. Nothing where something is not known of one: then the history of all is read. */
function mergedKept(all: readonly (KeptDue | undefined)[]): KeptDue | undefined {
  const [first] = all
  const known = all.filter((kept) => kept !== undefined)
  if (!first || known.length < all.length || known.some(({ version }) => version !== first.version)) return undefined
  const { upTo } = known.reduce((one, other) => (other.upTo.position < one.upTo.position ? other : one))
  return {
    upTo,
    version: first.version,
    due: mergedDue(known.map(({ due }) => due)),
    driven: [...new Set(known.flatMap(({ driven }) => driven))],
  }
}

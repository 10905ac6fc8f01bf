// Reads columns back as a fold does, and compares every event with the one in the log.
import { IndelibleError } from '../../kernel/errors.ts'
import type { LogEvent } from '../format/index.ts'
import type { LogSource } from '../limits.ts'
import { type BuildTask, eachFrame } from '../read/index.ts'
import { ColumnBatch } from './column-batch.ts'
import type { ColumnEvent } from './column-event.ts'
import type { ColumnsOwner } from './column-file.ts'
import { loadSegment } from './loaded-segment.ts'
import type { Pace } from './pace.ts'
import { SegmentColumns } from './segment-columns.ts'

/** Throws `io_failed` where the columns in a file do not give what the log has. */
export async function checkColumns(
  log: LogSource,
  task: BuildTask,
  { path, owner, pace }: { path: string; owner: ColumnsOwner; pace: Pace },
): Promise<void> {
  const wrong = (problem: string) =>
    new IndelibleError('io_failed', `The columns in ${path} are not what the log says: ${problem}.`, {
      details: { path },
    })
  const file = await log.disk.open(path, 'read')
  try {
    let current: LogEvent | undefined
    const columns = await SegmentColumns.open(file, owner, {
      read: (into, at) => file.readNow(into, at),
      logged: () => current!,
      damaged: () => {
        throw wrong('it has changed')
      },
    })
    if (!columns) throw wrong('its header is another')
    const asked = new Map(columns.plan.types.map(({ name }, number) => [name, number]))
    const loaded = await loadSegment(columns, file, asked)
    if (!loaded || loaded === 'none') throw wrong('it has no events')
    const batch = new ColumnBatch(loaded, { asked, from: owner.firstPosition, to: task.lastPosition })
    let index = 0
    await eachFrame(log, task, async (frame, starts) => {
      for (const start of starts) {
        current = frame.event(start)
        const isRight = index < batch.length && isSameEvent(batch.event(index++), current)
        if (!isRight) throw wrong(`the event at position ${current.position}`)
      }
      await pace.turn()
    })
  } finally {
    await file.close()
  }
}

const scalars = [
  'position',
  'id',
  'stream',
  'version',
  'type',
  'schemaVersion',
  'contentType',
  'recordedAtMs',
  'validAt',
] as const

function isSameEvent(found: ColumnEvent, logged: LogEvent): boolean {
  return (
    scalars.every((field) => found[field] === logged[field]) &&
    isSame(found.tags, logged.tags) &&
    isSame(valueIn(found, 'data'), valueIn(logged, 'data')) &&
    isSame(valueIn(found, 'metadata'), valueIn(logged, 'metadata'))
  )
}

/** What is not JSON is not JSON in both. */
function valueIn(event: ColumnEvent | LogEvent, field: 'data' | 'metadata'): unknown {
  try {
    return event[field]
  } catch (error) {
    return (error as Error).message
  }
}

/** Equal in everything that a reader can see, also the order of keys, and -0. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  const [keys, others] = [Object.keys(a), Object.keys(b)]
  if (keys.length !== others.length) return false
  return keys.every((key, at) => {
    return key === others[at] && isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key])
  })
}

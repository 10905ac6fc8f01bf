// Folding history: from the columns of a segment where it has good ones, otherwise from the frames of the log.
import { join } from 'node:path'
import { isIndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import {
  ColumnBatch,
  type ColumnsOwner,
  columnsName,
  type LoadedSegment,
  loadSegment,
  readsColumns,
  SegmentColumns,
} from '../log/columns/index.ts'
import { type LogEvent, TypeFilter } from '../log/format/index.ts'
import type { LogIndex, SegmentIndex } from '../log/index/index.ts'
import type { LogSource } from '../log/limits.ts'
import { BatchSink, type FrameStart, scanRecords } from '../log/read/index.ts'
import type { ReplayBatch } from '../store/port.ts'
import { type ReplayRange, replayBatch } from '../store/replaying.ts'

/** The events of a batch that a scan gives. */
const scannedEventsMax = 4096

/** What replaying needs of a view. */
export interface Replayed {
  readonly log: LogSource
  readonly index: LogIndex
  /** Throws what ended all reading, if it has ended. */
  readonly assertOpen: () => void
  /** Runs something that needs the index. When the index of a segment is damaged, repairs it and runs it again. */
  readonly withRepair: <Value>(run: () => Value | Promise<Value>) => Promise<Value>
  /** Reads an event from the log synchronously. */
  readonly logged: (position: Position) => LogEvent
  /** Where frames can be read from, and the events before that. */
  readonly frameFrom: (
    from: Position,
    to: Position,
  ) => { readonly start: FrameStart | undefined; readonly before: readonly LogEvent[] }
  /** To be called with a segment whose columns are missing or damaged. */
  readonly columnsMissing: (segment: number) => void
}

/** Columns that are being loaded. */
interface Ahead {
  readonly segment: SegmentIndex
  readonly loaded: Promise<LoadedSegment | 'none' | undefined>
}

export async function* replayLog(of: Replayed, range: ReplayRange): AsyncGenerator<ReplayBatch> {
  const { asked, to } = range
  const usesColumns = of.log.limits.columnsShareMax > 0 && readsColumns
  const load = (position: Position): Ahead | undefined => {
    const segment = usesColumns && position <= to ? of.index.segmentOf(position) : undefined
    return segment && { segment, loaded: settledLater(loadColumns(of, segment, asked)) }
  }
  let through = range.from - 1
  let ahead = load(range.from)
  for (let next = range.from; next <= to; ) {
    const segment = ahead?.segment
    const loaded = await ahead?.loaded
    of.assertOpen()
    const last = Math.min(to, segment?.lastPosition ?? to)
    // Read while the caller folds this one.
    ahead = load(last + 1)
    const batches = batchesOf(of, loaded, { asked, from: next, to: last })
    for await (const batch of batches) {
      if (batch.length === 0) continue
      through = batch.through
      yield batch
      of.assertOpen()
    }
    next = last + 1
  }
  const end = Math.max(range.from - 1, to)
  if (through < end || range.from > to) yield replayBatch([], { asked, through: end, again })
}

function batchesOf(
  of: Replayed,
  loaded: LoadedSegment | 'none' | undefined,
  range: ReplayRange,
): AsyncIterable<ReplayBatch> | Iterable<ReplayBatch> {
  if (!loaded) return scanned(of, range)
  return loaded === 'none' ? [] : [new ColumnBatch(loaded, range)]
}

/** Nothing where they are missing or damaged. */
async function loadColumns(
  of: Replayed,
  segment: SegmentIndex,
  asked: ReadonlyMap<string, number>,
): Promise<LoadedSegment | 'none' | undefined> {
  const owner = await of.withRepair(() => ownerOf(segment))
  const number = owner.segment
  try {
    const name = columnsName(number)
    const path = join(of.log.dir, name)
    if (!of.log.disk.hasNow(path)) {
      of.columnsMissing(number)
      return undefined
    }
    const file = await of.log.disk.open(path, 'read')
    try {
      const columns = await SegmentColumns.open(file, owner, {
        read: (into, at) => of.index.files.read(name, into, at),
        logged: ({ position }) => of.logged(position),
        damaged() {
          // A good one may get the name.
          of.index.files.close(name)
          of.columnsMissing(number)
        },
      })
      if (!columns) of.columnsMissing(number)
      return columns && (await loadSegment(columns, file, asked))
    } finally {
      await file.close()
    }
  } catch (error) {
    if (!isIndelibleError(error, 'io_failed')) throw error
    return undefined
  }
}

/** What columns of a segment say of it if they are good. Throws `index_damaged`. */
export function ownerOf(index: SegmentIndex): ColumnsOwner {
  const { segment, logId, firstPosition, events } = index.header
  return { segment, logId, firstPosition, events, lastRecordCrc: index.place(index.lastPosition).crc }
}

async function* scanned(of: Replayed, { asked, from, to }: ReplayRange): AsyncGenerator<ReplayBatch> {
  const { start, before } = await of.withRepair(() => of.frameFrom(from, to))
  const wanted = before.filter(({ type }) => asked.has(type))
  if (wanted.length > 0) yield replayBatch(wanted, { asked, through: before.at(-1)!.position, again })
  if (!start) return
  const sink = new BatchSink(new TypeFilter(asked), { eventsMax: scannedEventsMax })
  for await (const through of scanRecords(of.log, start, { to, sink })) {
    of.assertOpen()
    yield sink.batch(through)
  }
}

const again = (event: LogEvent) => event.again()

/** Keeps a rejection from being reported as unhandled before the promise is awaited. */
function settledLater<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {})
  return promise
}

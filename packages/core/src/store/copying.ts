// The port of copies: a log is read commit by commit as it was written, and another store receives just that, with the positions, versions, ids and times that
// it has. Only a log that nobody writes receives commits: an empty one, or an unfinished copy. So there is no way past the checks of an append.
import type { EncodedEvent } from '../kernel/encoding.ts'
import { IndelibleError } from '../kernel/errors.ts'
import { correlationIdOf, type RecordedEvent } from '../kernel/events.ts'
import type { Position, Version } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import type { EventStore } from './port.ts'

/** A commit as it is in a log. A store that does not keep which events without a command id were written together gives each of them as a commit. */
export interface RecordedCommit {
  readonly commandId: string | undefined
  /** All of one time, with positions one after the other. */
  readonly events: readonly RecordedEvent[]
}

export interface CommitRange {
  /** The last position of a commit, or 0. */
  readonly after: Position
  /** The last position, inclusive, which must be that of a commit too. */
  readonly to: Position
}

/** What source and target of a copy have in common. */
export interface CopiedLog extends Pick<EventStore, 'head' | 'historyAt' | 'close'> {
  /** Reads commits, some at a time. Throws `log_corrupt`. */
  commits(range: CommitRange): AsyncIterable<readonly RecordedCommit[]>
}

/** A log that is copied, while others write it. */
export interface CopySource extends CopiedLog {
  /** Resolves when there is more than this position, or the signal aborts. */
  waitBeyond(position: Position, signal: AbortSignal): Promise<void>
  /**
   * Closes the log for writing: when it resolves, the head is the last one, and whoever tries to write gets `store_retired`. Nothing happens where that was done
   * before for the same copy. Throws `store_locked` while a process writes the log that only this process can end, and `store_retired` where the log was
   * closed for another copy.
   */
  retire(copyId: string): Promise<void>
  /** Takes that back. Only for a copy that was not finished. */
  reopen(): Promise<void>
}

/** A copy that is not finished. It can be read, also from elsewhere; who opens it for writing gets `store_unfinished`. */
export interface CopyTarget extends CopiedLog {
  /** A UUID of this copy: a log is closed for writing for one copy only. */
  readonly copyId: string
  /**
   * Writes commits that follow what is there. Durable when it resolves; when it throws, a beginning of them may be written. Throws `copy_mismatch` where they do
   * not follow, and what an append throws where it cannot write.
   */
  receive(commits: readonly RecordedCommit[]): Promise<void>
  /** From now on it is a log like any other. */
  finish(): Promise<void>
}

/**
 * Opens the target of a copy of the log with this id: a new one, or an unfinished copy. Throws `copy_mismatch` with `details.reason`: `other-log` for another log,
 * `finished` for a log that is no unfinished copy, `not-empty` for a place with something else; `store_locked` while another process copies there.
 */
export type OpenCopyTarget = (logId: string) => Promise<CopyTarget>

export type CopyMismatch = 'other-log' | 'finished' | 'not-empty' | 'diverged' | 'not-following'

export function copyMismatch(reason: CopyMismatch, message: string): IndelibleError {
  return new IndelibleError('copy_mismatch', message, { details: { reason } })
}

export function unfinished(where: string): IndelibleError {
  return new IndelibleError(
    'store_unfinished',
    `The log in ${where} is a copy that is not finished. Run "indelible copy" again to finish it; until then it can only be read.`,
  )
}

export function retired(where: string): IndelibleError {
  return new IndelibleError(
    'store_retired',
    `The log in ${where} was moved: its history goes on in a copy, and here it can only be read. Open the copy.`,
  )
}

/** Throws `copy_mismatch` where a commit does not follow a log. */
export function checkFollows(
  { events }: RecordedCommit,
  {
    head,
    lastRecordedAt,
    versionOf,
  }: { head: Position; lastRecordedAt: string | null; versionOf(stream: StreamName): Version },
): void {
  const last = new Map<StreamName, Version>()
  const [first] = events
  if (!first) throw notFollowing(head, 'a commit has no events')
  if (lastRecordedAt !== null && first.recordedAt < lastRecordedAt)
    throw notFollowing(head, `position ${first.position} was recorded before it`)
  events.forEach(({ stream, version, position, recordedAt }, index) => {
    const before = last.get(stream) ?? versionOf(stream)
    if (position !== head + 1 + index) throw notFollowing(head, `the next event has position ${position}`)
    if (version !== before + 1)
      throw notFollowing(head, `version ${version} of ${stream} comes after version ${before}`)
    if (recordedAt !== first.recordedAt) throw notFollowing(head, 'the events of a commit have different times')
    last.set(stream, version)
  })
}

/** Puts commits together from all events of a range. `begins` says which commit begins with an event, and how many events it has. */
export async function* commitsIn<Event extends RecordedEvent>(
  batches: AsyncIterable<{ readonly events: readonly Event[] }>,
  begins: (event: Event) => { readonly commandId: string | undefined; readonly count: number },
): AsyncGenerator<readonly RecordedCommit[]> {
  let events: Event[] = []
  let commit: { readonly commandId: string | undefined; readonly count: number } | undefined
  for await (const batch of batches) {
    const whole: RecordedCommit[] = []
    for (const event of batch.events) {
      commit ??= begins(event)
      events.push(event)
      if (events.length < commit.count) continue
      whole.push({ commandId: commit.commandId, events })
      commit = undefined
      events = []
    }
    if (whole.length > 0) yield whole
  }
}

function notFollowing(head: Position, problem: string): IndelibleError {
  return copyMismatch('not-following', `What was to be copied behind position ${head} does not follow: ${problem}.`)
}

/** An event in the form in which stores write it, byte for byte. */
export function encodedAgain(event: RecordedEvent): EncodedEvent & { readonly id: string } {
  const {
    id,
    stream,
    type,
    schemaVersion,
    contentType,
    dataBytes: data,
    metadataBytes: metadata,
    tags,
    validAt,
  } = event
  const correlationId = metadata.length === 0 ? undefined : correlationIdOf(event.metadata)
  return { id, stream, type, schemaVersion, contentType, data, metadata, correlationId, tags, validAt }
}

// Copies a log while it is being written. The copy is itself a log at every moment, also when the backup is interrupted.
import { join, resolve } from 'node:path'
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { type Instant, instant } from '../../kernel/time.ts'
import { type Disk, nodeDisk, syncDir } from '../disk/index.ts'
import { type SegmentHeader, segmentHeaderBytes, segmentName } from '../format/index.ts'
import { type LogSource, logLimits } from '../limits.ts'
import { lastSegment } from '../read/index.ts'
import {
  addSeal,
  contentOf,
  copyIndex,
  copySegment,
  firstDifference,
  ofCopy,
  type SegmentContent,
} from './backup-copy.ts'
import { type OnProgress, ProgressReporter } from './progress.ts'
import { headerOf, lastSegmentOf, logBytes } from './segment-files.ts'

export interface BackupOptions {
  /** The directory of the log. */
  readonly from: string
  /** The directory of the copy: one of an earlier backup, or an empty one. It is created if it does not exist. */
  readonly to: string
  readonly disk?: Disk
  readonly onProgress?: OnProgress
}

export interface BackupSummary {
  /** The position of the last event in the backup. */
  readonly head: Position
  readonly recordedAt: Instant | null
  readonly segmentsCopied: number
  /** Those that were there from an earlier run. */
  readonly segmentsSkipped: number
  /** Of the log, without its index. */
  readonly bytesCopied: number
  /** Of the whole backup, without its index. */
  readonly bytesTotal: number
  readonly indexesCopied: number
}

/** `other-log`: the ids differ. `diverged`: it has commits that the log does not have. `no-log`: it holds other files. `same`: it is the log itself. */
export type BackupMismatch = 'other-log' | 'diverged' | 'no-log' | 'same'

/**
 * Brings a copy of a log up to date while the log may be written. It copies each segment that the copy does not have, or not all of, with its index. It
 * checks every frame, and reads back what it wrote before the file gets its name. Everything is durable at the end.
 *
 * A segment that an earlier run copied is compared with the log by length, header and end only; `verifyLog` reads all of a backup.
 * To restore, copy the directory: it opens with `fileStore`, for reading or for writing.
 * Throws `backup_mismatch` (with `details.reason`, a {@link BackupMismatch}) and changes nothing, when the directory is not an earlier backup of this log;
 * `store_locked` when another backup or a writer has it open; `store_missing`, `log_corrupt`, `log_format_unknown`, `store_full`, `io_failed`.
 */
export async function backupLog({ from, to, disk = nodeDisk, onProgress }: BackupOptions): Promise<BackupSummary> {
  const source: LogSource = { dir: resolve(from), disk, limits: logLimits }
  const copy: LogSource = { dir: resolve(to), disk, limits: logLimits }
  const last = await lastSegmentOf(source)
  if (source.dir === copy.dir) throw mismatch(copy, 'same')
  await assertLogOrEmpty(copy)
  await disk.makeDir(copy.dir)
  const unlock = await disk.lock(copy.dir)
  try {
    await assertElsewhere(source, copy)
    return await new Backup({ source, copy, last }).run(onProgress)
  } finally {
    await unlock()
  }
}

class Backup {
  readonly #source: LogSource
  readonly #copy: LogSource
  /** The last segment to copy. The log may grow meanwhile. */
  readonly #last: number
  readonly #sum = { segmentsCopied: 0, segmentsSkipped: 0, bytesCopied: 0, bytesTotal: 0, indexesCopied: 0 }

  constructor({ source, copy, last }: { source: LogSource; copy: LogSource; last: number }) {
    this.#source = source
    this.#copy = copy
    this.#last = last
  }

  async run(onProgress: OnProgress | undefined): Promise<BackupSummary> {
    const kept = await ofCopy(this.#copy, lastSegment(this.#copy))
    if (kept > 0) await this.#assertEarlierBackup(kept)
    const progress = new ProgressReporter(onProgress, await logBytes(this.#source))
    let before: SegmentContent | undefined
    for (let segment = 1; segment <= this.#last; segment++) {
      const { header, bytes } = await headerOf(this.#source, segment)
      const content = (await this.#isThere(segment, { kept, bytes }))
        ? undefined
        : await contentOf(this.#source, header)
      if (content) await this.#bring(content, { kept, onBytes: (done) => progress.report(done) })
      else this.#skip(bytes)
      // The segment before is sealed only now, because a seal says that the next segment exists.
      if (before) await addSeal(this.#copy, before)
      if (segment < this.#last) await this.#index(header)
      before = content
      progress.add(bytes)
    }
    await syncDir(this.#copy.disk, this.#copy.dir)
    progress.end()
    return { ...this.#sum, ...(await this.#head(before!)) }
  }

  /** Throws `backup_mismatch`, before anything is changed, unless the log continues where the copy ends. */
  async #assertEarlierBackup(kept: number): Promise<void> {
    const { header } = await headerOf(this.#source, 1)
    for (const segment of new Set([1, kept])) {
      const found = await ofCopy(this.#copy, headerOf(this.#copy, segment))
      if (found.header.logId !== header.logId) throw mismatch(this.#copy, 'other-log')
    }
    if (kept > this.#last) throw mismatch(this.#copy, 'diverged', { segment: kept, offset: 0 })
    await this.#assertBeginning(await contentOf(this.#source, (await headerOf(this.#source, kept)).header))
  }

  /** Throws `backup_mismatch` unless all commits that the copy has of a segment are those of the log. */
  async #assertBeginning({ header, end }: SegmentContent): Promise<void> {
    const { segment } = header
    const place = { segment, to: segmentHeaderBytes }
    if ((await firstDifference(this.#source, this.#copy, place)) !== undefined) {
      throw mismatch(this.#copy, 'diverged', { segment, offset: 0 })
    }
    const { commitsEnd } = await ofCopy(this.#copy, contentOf(this.#copy, header))
    const differsAt = await firstDifference(this.#source, this.#copy, { segment, to: Math.min(end, commitsEnd) })
    const offset = differsAt ?? (commitsEnd > end ? end : undefined)
    if (offset !== undefined) throw mismatch(this.#copy, 'diverged', { segment, offset })
  }

  /** Whether the copy has a sealed segment as the log has it, judged by its length, its header and its end. */
  async #isThere(segment: number, { kept, bytes }: { kept: number; bytes: number }): Promise<boolean> {
    if (segment >= kept) return false
    if ((await ofCopy(this.#copy, headerOf(this.#copy, segment))).bytes !== bytes) return false
    const [header, end] = [{ to: segmentHeaderBytes }, { from: Math.max(0, bytes - comparedBytes), to: bytes }]
    for (const stretch of [header, end]) {
      if ((await firstDifference(this.#source, this.#copy, { segment, ...stretch })) !== undefined) return false
    }
    return true
  }

  async #bring(
    content: SegmentContent,
    { kept, onBytes }: { kept: number; onBytes: (bytes: number) => void },
  ): Promise<void> {
    const { header, end, seal } = content
    const size = end + (header.segment < this.#last ? (seal?.length ?? 0) : 0)
    if (header.segment <= kept) {
      await this.#assertBeginning(content)
      const { bytes } = await headerOf(this.#copy, header.segment)
      const isSame =
        (await firstDifference(this.#source, this.#copy, { segment: header.segment, to: end })) === undefined
      if (bytes === end && isSame) return this.#skip(size)
    }
    await copySegment(this.#source, this.#copy, { content, onBytes })
    await syncDir(this.#copy.disk, this.#copy.dir)
    this.#sum.segmentsCopied++
    this.#sum.bytesCopied += size
    this.#sum.bytesTotal += size
  }

  #skip(bytes: number): void {
    this.#sum.segmentsSkipped++
    this.#sum.bytesTotal += bytes
  }

  async #index(header: SegmentHeader): Promise<void> {
    const next = await headerOf(this.#source, header.segment + 1)
    const lastPosition = next.header.firstPosition - 1
    if (await copyIndex(this.#source, this.#copy, { header, lastPosition })) this.#sum.indexesCopied++
  }

  async #head({
    header,
    lastPosition,
    lastRecordedAtMs,
  }: SegmentContent): Promise<Pick<BackupSummary, 'head' | 'recordedAt'>> {
    if (lastPosition === 0) return { head: 0, recordedAt: null }
    if (lastPosition >= header.firstPosition) return { head: lastPosition, recordedAt: instant(lastRecordedAtMs) }
    return this.#head(await contentOf(this.#copy, (await headerOf(this.#copy, header.segment - 1)).header))
  }
}

/** How much of the end of a segment is compared. */
const comparedBytes = 64 * 1024
/** The files that a log directory may have besides segments: locks, indexes, columns, statistics, unfinished files. */
const knownName = /^(writer\.(lock|pid).*|\d{8,}\.(idx|col)|syncs\.json|.*\.new)$/
const probe = 'probe.new'

async function assertLogOrEmpty(copy: LogSource): Promise<void> {
  const names = await copy.disk.list(copy.dir)
  const isLog = names.some((name) => /^\d{8,}\.log$/.test(name))
  if (!isLog && !names.every((name) => knownName.test(name))) throw mismatch(copy, 'no-log')
}

/** Two names of one directory would make the log its own backup. */
async function assertElsewhere(source: LogSource, copy: LogSource): Promise<void> {
  const path = join(copy.dir, probe)
  await (await copy.disk.open(path, 'create')).close()
  const isSame = (await source.disk.list(source.dir)).includes(probe)
  await copy.disk.remove(path)
  if (isSame) throw mismatch(copy, 'same')
}

const problems: Readonly<Record<BackupMismatch, string>> = {
  'other-log': 'holds another log',
  diverged: 'has commits that this log does not have: it was written to, or the log was restored to an earlier state',
  'no-log': 'holds files that are not a log',
  same: 'is the log itself',
}

function mismatch(
  { dir }: LogSource,
  reason: BackupMismatch,
  place?: { segment: number; offset: number },
): IndelibleError {
  const at = place && { file: segmentName(place.segment), offset: place.offset }
  const where = at ? ` (${at.file}, byte ${at.offset})` : ''
  return new IndelibleError(
    'backup_mismatch',
    `${dir} ${problems[reason]}${where}. Back up to an empty directory. Nothing was changed.`,
    { details: { dir, reason, ...at } },
  )
}

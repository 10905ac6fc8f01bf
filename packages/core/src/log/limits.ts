// Every limit of the log by name. Tests pass smaller ones; applications rarely need to.
import type { Disk } from './disk/index.ts'

/** A log: its directory, the disk that it is on, and its limits. */
export interface LogSource {
  readonly dir: string
  readonly disk: Disk
  readonly limits: LogLimits
}

export interface LogLimits {
  /** When a frame would make a segment longer than this, the segment is sealed and the next one begins. A longer frame gets its own segment. */
  readonly segmentBytesMax: number
  /** The same in events. What was not yet indexed is kept in memory and read when the log is opened, so it bounds both. */
  readonly segmentEventsMax: number
  /** The zeros written ahead of the log, so that a durable append changes no metadata of the file. */
  readonly reserveBytes: number
  /** A frame of no more than this, and less than `earlyWriteBytesMin`, is written while the thread waits, as long as the disk is fast. With 0 it never waits. */
  readonly blockingWriteBytesMax: number
  /** A write that blocks the thread for longer counts as slow; few of those are allowed: see `BlockingBudget`. */
  readonly blockingWriteMsMax: number
  /** A frame that has so much is written as soon as the disk is free; a shorter one waits for all who append in the same turn of the event loop. */
  readonly earlyWriteBytesMin: number
  /** Commits queued for the next frame, in bytes: past this `append` waits. One commit may go beyond it. */
  readonly queuedBytesMax: number
  /** The same in commits. */
  readonly queuedAppendsMax: number
  /** The bytes that one read of the disk asks for, unless a frame is longer. */
  readonly readBytesMax: number
  /** The bytes of frames kept in memory for readers of what is not indexed yet. */
  readonly frameCacheBytesMax: number
  /** The bytes of single records kept in memory for readers of what is. */
  readonly recordCacheBytesMax: number
  /** The bytes of index pages kept in memory. */
  readonly indexCacheBytesMax: number
  /** The bytes of lists kept in memory that say where the events of streams are which were read lately. */
  readonly streamCacheBytesMax: number
  /** How many sealed segments may be without an index. Past this, appends wait for the index, and a reader refuses to open. */
  readonly unindexedSegmentsMax: number
  /** When a log is closed with more events than this behind the last index, an index is built for them, so that it opens quickly. */
  readonly unindexedEventsMax: number
  /** How long to wait before building an index again that could not be built, unless another segment is sealed before. */
  readonly indexRetryMs: number
  /** Of a core, for making replay columns while the log is appended to. With 0 none are made, and none are read. */
  readonly columnsShareMax: number
  /** Files of the log kept open for reading; fewer where the process may not open many. */
  readonly openFilesMax: number
  /** A store that refused an append tries again whether it can write when its health is asked for, at most this often. */
  readonly writeProbeMs: number
  /** `health` waits at most this long for that try, because a disk may hang. */
  readonly writeProbeWaitMs: number
  /** How long a follower in another process may lag when the operating system does not report a change. */
  readonly followMs: number
}

export const logLimits: LogLimits = {
  segmentBytesMax: 32 * 1024 * 1024,
  segmentEventsMax: 131_072,
  reserveBytes: 1024 * 1024,
  blockingWriteBytesMax: 32 * 1024,
  blockingWriteMsMax: 0.5,
  earlyWriteBytesMin: 32 * 1024,
  queuedBytesMax: 1024 * 1024,
  queuedAppendsMax: 8192,
  readBytesMax: 256 * 1024,
  frameCacheBytesMax: 4 * 1024 * 1024,
  recordCacheBytesMax: 8 * 1024 * 1024,
  indexCacheBytesMax: 16 * 1024 * 1024,
  streamCacheBytesMax: 2 * 1024 * 1024,
  unindexedSegmentsMax: 3,
  unindexedEventsMax: 10_000,
  indexRetryMs: 10_000,
  columnsShareMax: 0.25,
  openFilesMax: 512,
  writeProbeMs: 500,
  writeProbeWaitMs: 1_000,
  followMs: 1000,
}

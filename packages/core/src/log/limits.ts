// Every bound of the log by name. Tests pass smaller ones; nobody else needs to.
import type { Disk } from './disk.ts'

/** Which log is meant: its directory, the disk to reach it by, and the bounds to keep. */
export interface LogSource {
  readonly dir: string
  readonly disk: Disk
  readonly limits: LogLimits
}

export interface LogLimits {
  /** A segment that a frame would make longer than this is sealed and the next one begun. A longer frame gets a segment of its own. */
  readonly segmentBytesMax: number
  /** The zeros written ahead of the log, so that a durable append changes no metadata of the file. */
  readonly reserveBytes: number
  /** A group that has this many bytes takes no further commit; who comes then waits. One commit may go beyond it. */
  readonly groupBytesMax: number
  /** The same in commits. */
  readonly groupCommitsMax: number
  /** The bytes that one read of the disk asks for, unless a frame is longer. */
  readonly readBytesMax: number
  /** The bytes of frames kept in memory for readers. */
  readonly cacheBytesMax: number
  /** How long a follower in another process may miss something when the operating system does not tell it of a change. */
  readonly followMs: number
}

export const logLimits: LogLimits = {
  segmentBytesMax: 64 * 1024 * 1024,
  reserveBytes: 1024 * 1024,
  groupBytesMax: 8 * 1024 * 1024,
  groupCommitsMax: 8192,
  readBytesMax: 256 * 1024,
  cacheBytesMax: 32 * 1024 * 1024,
  followMs: 1000,
}

// What the process that is killed and the one that kills it both know.
import type { LogLimits } from '../../src/log/limits.ts'

/** Small, so that it often dies while it rolls, seals or makes an index. */
export const killedLimits: Partial<LogLimits> = {
  segmentBytesMax: 16 * 1024,
  segmentEventsMax: 60,
  reserveBytes: 4096,
  unindexedEventsMax: 20,
  unindexedSegmentsMax: 2,
}

// What the killed process and its parent both need to know.
import type { LogLimits } from '../../src/log/limits.ts'

/** Small, so that the process often dies while it rolls, seals or makes an index. */
export const killedLimits: Partial<LogLimits> = {
  segmentBytesMax: 16 * 1024,
  segmentEventsMax: 60,
  reserveBytes: 4096,
  unindexedEventsMax: 20,
  unindexedSegmentsMax: 2,
}

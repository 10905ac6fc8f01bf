// The frames of a sealed segment, for files that are built from all its events.
import type { Position } from '../../kernel/positions.ts'
import { corrupt, Frame } from '../format/index.ts'
import type { LogSource } from '../limits.ts'
import { SegmentReader } from './segment-reader.ts'

/** The segment whose index or columns are to be built. */
export interface BuildTask {
  readonly segment: number
  /** Of the last event that must be in it. */
  readonly lastPosition: Position
}

/** Reads the frames of a segment up to a position. Throws `log_corrupt`. */
export async function eachFrame(
  log: LogSource,
  { segment, lastPosition }: BuildTask,
  take: (frame: Frame, starts: readonly number[], header: SegmentReader['header']) => Promise<void>,
): Promise<void> {
  const reader = await SegmentReader.open(log, { segment })
  try {
    for (let next = reader.header.firstPosition; next <= lastPosition; ) {
      const offset = reader.end
      const bytes = await reader.next()
      const frame = bytes && new Frame(bytes)
      if (!frame || frame.kind === 'sealed') throw corrupt({ segment, offset }, 'there is no whole frame')
      if (frame.kind === 'closed') continue
      if (frame.firstPosition !== next)
        throw corrupt({ segment, offset }, `position ${frame.firstPosition} does not follow`)
      await take(frame, startsOf(frame, { segment, offset }), reader.header)
      next = frame.lastPosition + 1
    }
  } finally {
    await reader.close()
  }
}

function startsOf(frame: Frame, place: { segment: number; offset: number }): readonly number[] {
  try {
    return frame.starts()
  } catch (cause) {
    throw corrupt(place, `the frame there cannot be read (${(cause as Error).message})`)
  }
}

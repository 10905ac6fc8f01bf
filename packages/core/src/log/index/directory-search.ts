// Finds a hash in the directory of an index file, whose lines are in the order of their hashes.
import { linesPerPage } from './index-file.ts'

export interface Directory {
  /** The upper half of the hash that is looked for. */
  readonly high: number
  readonly lines: number
  /** The upper half of the hash of a line. */
  readonly highOf: (line: number) => number
}

/** The first line whose hash is not below: hashes spread evenly, so it is near where it would be if they did so exactly. */
export function firstLine({ high, lines, highOf }: Directory): number {
  let low = 0
  let end = lines
  let guess = Math.floor((high / 0x1_0000_0000) * lines)
  let step = linesPerPage
  // Steps outwards from the guess until the line is enclosed, then halves.
  if (guess < lines && highOf(guess) < high) {
    low = guess + 1
    for (let up = guess + step; up < lines; step *= 2, up = guess + step) {
      if (highOf(up) >= high) {
        end = up
        break
      }
      low = up + 1
    }
  } else {
    end = Math.min(guess, lines)
    for (let down = guess - step; down >= 0; step *= 2, down = guess - step) {
      if (highOf(down) < high) {
        low = down + 1
        break
      }
      end = down
    }
  }
  while (low < end) {
    guess = (low + end) >>> 1
    if (highOf(guess) < high) low = guess + 1
    else end = guess
  }
  return low
}

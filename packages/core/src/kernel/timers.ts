// Timers for any length of time. Node's own hold 31 bits of milliseconds: after what is longer (about 25 days), `Infinity` included, they call back at once.
import { IndelibleError } from './errors.ts'
import { shown } from './shown.ts'

/** A timer that runs. It keeps the process alive, unless it is `unref`ed. */
export interface Timer {
  cancel(): void
  unref(): Timer
}

/** Calls back once, after so many milliseconds from 0 on; after `Infinity` never. */
export function timer(ms: number, callBack: () => void): Timer {
  let leftMs = ms
  let isUnref = false
  let piece: NodeJS.Timeout
  const next = () => {
    const pieceMs = Math.min(leftMs, pieceMsMax)
    leftMs -= pieceMs
    piece = setTimeout(leftMs > 0 ? next : callBack, pieceMs)
    if (isUnref) piece.unref()
  }
  const self: Timer = {
    cancel: () => clearTimeout(piece),
    unref() {
      isUnref = true
      piece.unref()
      return self
    },
  }
  next()
  return self
}

/** Calls back again and again, each time so many milliseconds after the last. */
export function every(ms: number, callBack: () => void): Timer {
  let isUnref = false
  let current: Timer
  const next = () => {
    current = timer(ms, () => {
      next()
      callBack()
    })
    if (isUnref) current.unref()
  }
  const self: Timer = {
    cancel: () => current.cancel(),
    unref() {
      isUnref = true
      current.unref()
      return self
    },
  }
  next()
  return self
}

export function isDuration(ms: unknown): ms is number {
  return typeof ms === 'number' && ms >= 0
}

/** A length of time from outside, in milliseconds from 0 on; `Infinity` is without limit. Throws `invalid_duration`. */
export function checkedDuration(name: string, ms: unknown): number {
  if (isDuration(ms)) return ms
  throw new IndelibleError(
    'invalid_duration',
    `${name} is ${shown(ms)}. Give milliseconds as a number from 0 on; Infinity is without limit.`,
    { details: { name } },
  )
}

const pieceMsMax = 2 ** 31 - 1

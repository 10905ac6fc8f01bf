// Timers of any length. Node's timers have 31 bits of milliseconds: with more (about 25 days), and with `Infinity`, they call back at once.
import { IndelibleError } from './errors.ts'
import { shown } from './shown.ts'

/** A timer that runs. It keeps the process alive, unless it is `unref`ed. */
export interface Timer {
  cancel(): void
  unref(): Timer
}

/** Calls back once, after this number of milliseconds; with `Infinity` never. */
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

/** Calls back again and again, each time this number of milliseconds after the last. */
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

/** Checks a duration from outside: milliseconds that are 0 or more, or `Infinity` for no limit. Throws `invalid_duration`. */
export function checkedDuration(name: string, ms: unknown): number {
  if (isDuration(ms)) return ms
  throw new IndelibleError(
    'invalid_duration',
    `${name} is ${shown(ms)}. Give milliseconds as a number from 0 on; Infinity is without limit.`,
    { details: { name } },
  )
}

const pieceMsMax = 2 ** 31 - 1

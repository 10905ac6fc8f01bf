// The place of an event: its position in the log and its version in its stream, as types that cannot be mixed up.
import { IndelibleError } from './errors.ts'
import { shown } from './shown.ts'

declare const brand: unique symbol

/** Place in the log: the first event is 1 and there are no gaps. 0 means "before the first event". */
export type Position = number & { readonly [brand]?: 'Position' }
/** Place in a stream: the first event is 1 and there are no gaps. 0 means "no event yet". */
export type Version = number & { readonly [brand]?: 'Version' }

/** Checks a number from outside. Throws `invalid_position`. */
export function position(value: number): Position {
  return checked(value, 'A position') as Position
}

/** Checks a number from outside. Throws `invalid_position`. */
export function version(value: number): Version {
  return checked(value, 'A version') as Version
}

function checked(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new IndelibleError('invalid_position', `${what} is a whole number from 0 on, not ${shown(value)}.`)
}

// A Date that domain code can use for times that it was given. It refuses the current time, and the time zone of the machine.
import { asGuardOf, guardMember, put } from './guarded.ts'
import { clock, locale, timeZone } from './instead.ts'
import { shared } from './place.ts'

/** Methods of dates that speak the time of the machine's zone. */
const local = [
  ...['Date', 'Day', 'FullYear', 'Hours', 'Minutes', 'Month', 'Seconds', 'Year', 'TimezoneOffset'].map(
    (of) => `get${of}`,
  ),
  ...['Date', 'FullYear', 'Hours', 'Milliseconds', 'Minutes', 'Month', 'Seconds', 'Year'].map((of) => `set${of}`),
  ...['toString', 'toDateString', 'toTimeString'],
]
const ofLocale = ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']

/** The guarded form of a Date, also of one with a fake clock. Dates get it as their `constructor`. */
export function guardedDate(original: DateConstructor): DateConstructor {
  if (!shared.guarded.has(original) && !shared.guardedOf.has(original)) guardDate(original)
  const guard = shared.guarded.has(original) ? original : (shared.guardedOf.get(original) as DateConstructor)
  guardMember(guard, 'now', 'Date.now', clock)
  return guard
}

function guardDate(original: DateConstructor): void {
  const guard = function (this: unknown, ...args: unknown[]): unknown {
    if (shared.running) check(new.target !== undefined, args)
    if (!new.target) return original()
    if (new.target !== guard) return Reflect.construct(original, args, new.target)
    // Without a spread, other code of the process hardly pays for the guard.
    if (args.length === 0) return new original()
    return args.length === 1 ? new original(args[0] as number) : new original(...(args as [number, number]))
  }
  asGuardOf(original, guard)
  const parse = Object.getOwnPropertyDescriptor(original, 'parse')
  if (parse) put(guard, 'parse', parse, { value: guardedParse(parse.value as DateConstructor['parse']) })
  const { prototype } = original
  const made = Object.getOwnPropertyDescriptor(prototype, 'constructor')
  // The dates of some fake clocks have the prototype of real ones.
  if (made?.value === original) put(prototype, 'constructor', made, { value: guard })
  for (const name of local) guardMember(prototype, name, `${name}() of a Date`, timeZone)
  for (const name of ofLocale) guardMember(prototype, name, `${name}() of a Date`, locale)

  function check(isNew: boolean, args: readonly unknown[]): void {
    if (!isNew) shared.running!.refuse('Date()', clock)
    if (args.length === 0) shared.running!.refuse('new Date()', clock)
    if (args.length > 1) shared.running!.refuse('new Date(year, month, …)', timeZone)
    if (typeof args[0] === 'string') checkText(args[0], original.parse)
  }
}

function guardedParse(original: DateConstructor['parse']): unknown {
  if (shared.guarded.has(original)) return original
  const guard = (text: string): number => {
    if (shared.running) checkText(String(text), original)
    return original(text)
  }
  return asGuardOf(original, guard)
}

function checkText(text: string, parse: DateConstructor['parse']): void {
  if (!hasZone(text) && !Number.isNaN(parse(text)))
    shared.running!.refuse(`the date ${JSON.stringify(text)}, which has no zone,`, timeZone)
}

/** A date of ISO 8601 alone, which is UTC. No other date is: `12345`, `2026-1-31`. */
const dateAlone = /^(\d{4}|[+-]\d{6})(-\d\d){0,2}$/
/** The words for zones that dates know (ECMA-262, 21.4.3.2, and RFC 5322, 4.3). */
const zoneWord = /(^|[^a-z])(Z|GMT|UTC?|[ECMP][SD]T)$/i
/** An offset stands behind a time or a word: `01-31-2026` and `31-Jan-2026` have none. */
const offset = /(:\d\d(:\d\d)?(\.\d+)?( ?[AP]M)?|GMT|UTC?|Z) ?[+-]\d\d?(:?\d\d)?$/i

/** Whether text means the same moment in every zone. What stands in brackets at its end is a comment. */
function hasZone(text: string): boolean {
  const said = text.replace(/\s*\([^()]*\)\s*$/, '').trimEnd()
  return dateAlone.test(text) || zoneWord.test(said) || offset.test(said)
}

// Code is identified by a declared version. Its text is only a hint: the same code has another text after a build or minification.
import { IndelibleError } from './errors.ts'
import type { AnyEventType, AnyUpcast } from './event-types.ts'
import { fingerprint } from './fingerprint.ts'
import { shown } from './shown.ts'

/** Throws `invalid_declaration`. */
export function declaredVersion(who: string, version = 1): number {
  if (Number.isSafeInteger(version) && version >= 1) return version
  throw new IndelibleError(
    'invalid_declaration',
    `${who} has the version ${shown(version)}: a version is a whole number from 1 on.`,
  )
}

/** A hint to the code that folds events: the text of its functions, and of the upcasts of its events. */
export function codeOf(events: readonly AnyEventType[], functionsOf: (type: string) => readonly unknown[]): string {
  return fingerprint(
    events.map((event) => [event.type, ...functionsOf(event.type), ...upcastsOf(event)].join(' ')).sort(),
  )
}

function upcastsOf({ older, former }: AnyEventType): readonly AnyUpcast[] {
  return [...older.map(({ up }) => up), ...former.flatMap(({ event, up }) => [...upcastsOf(event), up])]
}

// Which members of recorded events are personal, as the declarations say.
import type { AnyEventType } from '../kernel/event-types.ts'
import { recordedForms } from '../kernel/recorded-forms.ts'
import type { System } from '../kernel/system.ts'

export class PersonalData {
  /** By recorded type: the paths, and the declared types as which its events are seen. */
  readonly #types = new Map<string, { readonly paths: Set<string>; readonly seenAs: Set<string> }>()
  readonly #categories: ReadonlySet<string>

  constructor({ events, aggregates }: Pick<System, 'events' | 'aggregates'>) {
    for (const event of events) {
      const paths = allPaths(event)
      for (const { type } of recordedForms(event)) {
        const known = this.#types.get(type) ?? { paths: new Set(), seenAs: new Set() }
        for (const path of paths) known.paths.add(path)
        known.seenAs.add(event.type)
        this.#types.set(type, known)
      }
    }
    const personal = aggregates.filter((aggregate) => aggregate.events.some((event) => allPaths(event).length > 0))
    this.#categories = new Set(personal.map(({ category }) => category))
  }

  /** Nothing for a type that the code does not know: any member may be personal. */
  pathsOf(recordedType: string): readonly string[] | undefined {
    const known = this.#types.get(recordedType)
    return known && [...known.paths]
  }

  /** The declared types as which events of a recorded type are seen. */
  seenAs(recordedType: string): readonly string[] {
    return [...(this.#types.get(recordedType)?.seenAs ?? [])]
  }

  /** Whether events of the aggregates of a category have personal members. */
  isIn(category: string): boolean {
    return this.#categories.has(category)
  }
}

/** Of the type and of those that it had before. */
function allPaths({ personal, former }: AnyEventType): readonly string[] {
  return [...personal, ...former.flatMap(({ event }) => allPaths(event))]
}

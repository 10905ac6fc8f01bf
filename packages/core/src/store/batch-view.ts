// How the events of a batch are seen as declared types, and how each is checked on its way out.
import type { AnyEventType } from '../kernel/event-types.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { RecordedTypes, ReservedTags, Sight } from '../kernel/upcasts.ts'
import type { ReplayBatch } from './port.ts'

/** Looks at an event, as it was recorded, that is handed out as an event of a type. */
export type ReadCheck = (type: AnyEventType, event: RecordedEvent) => void

/** How the events of each name are seen, where each is seen as one. */
export class View {
  readonly #sights: readonly Sight[]
  readonly #numbers: readonly number[]
  /** In columns, the tags of an event are text that must be parsed. */
  readonly tags: ReservedTags

  constructor({ sights, types }: RecordedTypes, { hasReservedTags, byStream }: ReplayBatch) {
    this.tags = hasReservedTags === false ? 'none' : byStream ? 'unknown' : 'looked for'
    this.#sights = sights.map((each) => each[0]!)
    this.#numbers = this.#sights.map(({ type }) => types.indexOf(type))
  }

  /** The numbers of the types as which events are seen, from those of their names. */
  types(names: Uint16Array): Uint16Array {
    const numbers = this.#numbers
    return numbers.every((number, name) => number === name) ? names : names.map((name) => numbers[name]!)
  }

  sight(name: number): Sight {
    return this.#sights[name]!
  }
}

export type IndexedCheck = (index: number, type: AnyEventType, event: RecordedEvent) => void

/** Readers ask for an event several times. It is checked once, if it fits. */
export function onceEach(count: number, check: ReadCheck | undefined): IndexedCheck | undefined {
  if (!check) return undefined
  const checked = new Uint8Array(count)
  return (index, type, event) => {
    if (checked[index]) return
    check(type, event)
    checked[index] = 1
  }
}

// What the events of a stream have in common, collected as they pass by: for the page, and for what a bundle says of itself.
import type { RecordedEvent } from 'indelible'
import { codesMax, shownBytesMax, shownEventsMax } from './limits.ts'

export interface Summary {
  readonly events: number
  /** Nothing for a stream without events. */
  readonly first: RecordedEvent | undefined
  readonly last: RecordedEvent | undefined
  /** By their first event. */
  readonly types: readonly { readonly type: string; readonly schemaVersions: readonly number[] }[]
  /** The commands that led to the events, each with the marks of the code that decided. */
  readonly commands: readonly { readonly command: string; readonly code: readonly string[] }[]
  /** The first events, for the page. */
  readonly shown: readonly RecordedEvent[]
}

export class Summing implements Summary {
  events = 0
  first: RecordedEvent | undefined
  last: RecordedEvent | undefined
  readonly shown: RecordedEvent[] = []
  readonly #types = new Map<string, Set<number>>()
  readonly #commands = new Map<string, Set<string>>()
  #codes = 0
  #bytes = 0

  add(event: RecordedEvent): void {
    this.events++
    this.first ??= event
    this.last = event
    this.#bytes += event.dataBytes.length + event.metadataBytes.length
    if (this.shown.length < shownEventsMax && this.#bytes <= shownBytesMax) this.shown.push(event)
    addTo(this.#types, event.type, event.schemaVersion)
    const { command } = event.metadata
    if (typeof command?.type !== 'string' || this.#codes >= codesMax) return
    if (addTo(this.#commands, command.type, String(command.code))) this.#codes++
  }

  get types(): Summary['types'] {
    return [...this.#types].map(([type, versions]) => ({ type, schemaVersions: [...versions].sort((a, b) => a - b) }))
  }

  get commands(): Summary['commands'] {
    return [...this.#commands].map(([command, codes]) => ({ command, code: [...codes].sort() }))
  }
}

/** Whether it was new. */
function addTo<Value>(values: Map<string, Set<Value>>, key: string, value: Value): boolean {
  const known = values.get(key) ?? new Set()
  values.set(key, known)
  const { size } = known
  return known.add(value).size > size
}

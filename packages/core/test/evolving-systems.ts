// Draws systems whose events evolve: versions, new names, several types that become one, one that becomes several. A model beside the declarations says as what
// each recorded event is seen: its data list the steps on the way.
import { aggregate, bigint, defineSystem, type EventType, event, json, projection, text } from 'indelible'
import { z } from 'zod'
import type { Draw } from '../../../scripts/campaign.ts'

const schema = z.object({ n: z.int(), steps: z.array(z.string()) })
type Data = z.infer<typeof schema>
export type Evolving = EventType<string, Data, Data>

export interface Recorded {
  readonly type: string
  readonly schemaVersion: number
  readonly data: Data
}

/** As what an event is seen: the type, and its data. */
export type Seen = readonly [type: string, n: number, ...steps: string[]]

const noting =
  (step: string) =>
  ({ n, steps }: Data): Data => ({ n, steps: [...steps, step] })

/** A type as it is declared so far; the retired ones know their parts only later. */
class Declared {
  version = 1
  parts: readonly string[] = []
  readonly name: string
  /** Its own name, and those of its former types. */
  readonly names: Set<string>
  readonly #chain: ((type: Evolving) => Evolving)[] = []

  constructor(name: string) {
    this.name = name
    this.names = new Set([name])
  }

  next(): string {
    const step = `${this.name} ${++this.version}`
    this.#chain.push((type) => type.next(schema).upcast(noting(step)) as Evolving)
    return step
  }

  formerly(other: Declared): string {
    const step = `${other.name} > ${this.name}`
    for (const name of other.names) this.names.add(name)
    this.#chain.push((type) => type.formerly(other.event(), noting(step)) as Evolving)
    return step
  }

  event(): Evolving {
    const first = event(this.name, schema, { parts: this.parts }) as Evolving
    return this.#chain.reduce((type, declare) => declare(type), first)
  }
}

export class EvolvingSystem {
  readonly history: Recorded[] = []
  /** Of each recorded event, as what it is seen by the code of now. */
  readonly seen: Seen[][] = []
  readonly #draw: Draw
  #types: Declared[] = [new Declared('A'), new Declared('B')]
  #names = 2
  #count = 0

  constructor(draw: Draw) {
    this.#draw = draw
  }

  /** Code records events, then it changes, and so on. */
  static drawn(draw: Draw, { changes, events }: { readonly changes: number; readonly events: number }): EvolvingSystem {
    const system = new EvolvingSystem(draw)
    for (let change = 0; change < changes; change++) {
      system.#record(1 + draw(Math.ceil((2 * events) / changes)))
      system.#change()
    }
    system.#record(1 + draw(events))
    return system
  }

  /** The newest code. */
  declare() {
    const events = this.#types.map((type) => type.event())
    const initialState = { seen: [] as readonly Seen[] }
    const thing = events.reduce(
      (declared, type) =>
        declared.on(type, ({ seen }, { n, steps }) => ({ seen: [...seen, [type.type, n, ...steps] as Seen] })),
      aggregate('thing', { initialState }) as ReturnType<
        typeof aggregate<{ seen: readonly Seen[] }>
      > as never as AnyThing,
    )
    const things = events.reduce(
      (declared, type) =>
        declared.on(
          type,
          { initial: ({ id = '' }) => ({ id, seen: [] }) },
          (row, { n, steps }) => ({ ...row, seen: [...(row.seen as Seen[]), [type.type, n, ...steps]] }) as never,
        ),
      projection('things', { table: { id: text().key(), seen: json() } }),
    )
    const byType = events.reduce(
      (declared, type) =>
        declared.on(
          type,
          { key: () => ({ type: type.type }), initial: ({ type: name = '' }) => ({ type: name, sum: 0 }) },
          (row, { n, steps }) => ({ ...row, sum: row.sum + n * (1 + steps.length) }),
        ),
      projection('by_type', { table: { type: text().key(), sum: bigint() } }),
    )
    const [first] = events
    const Do = thing.command('Do', {
      input: z.object({}),
      emits: [first!],
      decide: () => first!({ n: 0, steps: [] }),
    })
    const system = defineSystem({ name: 'things', commands: [Do], projections: [things, byType] })
    return { events, thing, things, byType, Do, system }
  }

  #record(count: number): void {
    for (let left = count; left > 0; left--) {
      const { name, version } = this.#types[this.#draw(this.#types.length)]!
      const n = ++this.#count
      this.history.push({ type: name, schemaVersion: version, data: { n, steps: [] } })
      this.seen.push([[name, n]])
    }
  }

  #change(): void {
    const at = this.#draw(this.#types.length)
    const type = this.#types[at]!
    const kind = ['next', 'next', 'rename', 'merge', 'split'][this.#draw(5)]
    if (kind === 'next') this.#see(type.name, type.next())
    else if (kind === 'rename') this.#replace([type], [this.#fresh()])
    else if (kind === 'merge') {
      // A type sees a recorded event once: parts of one event do not become one type again.
      const other = this.#types.find(({ names }) => ![...names].some((name) => type.names.has(name)))
      this.#replace(other ? [type, other] : [type], [this.#fresh()])
    } else {
      const parts = Array.from({ length: 2 + this.#draw(2) }, () => this.#fresh())
      type.parts = parts.map(({ name }) => name)
      this.#replace([type], parts)
    }
  }

  #fresh(): Declared {
    const fresh = new Declared(`T${++this.#names}`)
    // Its former types come in at a later version.
    for (let more = this.#draw(3); more > 1; more--) fresh.next()
    return fresh
  }

  #replace(old: readonly Declared[], by: readonly Declared[]): void {
    for (const each of old) {
      const steps = by.map((fresh) => [fresh.name, fresh.formerly(each)] as const)
      this.#map(each.name, (seen) => steps.map(([name, step]) => [name, seen[1], ...seen.slice(2), step] as never))
    }
    this.#types = [...this.#types.filter((each) => !old.includes(each)), ...by]
  }

  #see(name: string, step: string): void {
    this.#map(name, (seen) => [[...seen, step]])
  }

  #map(name: string, change: (seen: Seen) => readonly Seen[]): void {
    for (const [index, each] of this.seen.entries())
      this.seen[index] = each.flatMap((seen) => (seen[0] === name ? change(seen) : [seen]))
  }
}

type AnyThing = ReturnType<ReturnType<typeof anyThing>['on']>
function anyThing() {
  return aggregate('thing', { initialState: { seen: [] as readonly Seen[] } })
}

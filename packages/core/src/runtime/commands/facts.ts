// The facts that commands consult: each is a fold over the events with certain tags. They stay in memory, and each decision first reads the new events.
import type { AnyCommandType } from '../../kernel/commands.ts'
import type { DecisionModel } from '../../kernel/decision-models.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import { tagText } from '../../kernel/event-types.ts'
import type { Position } from '../../kernel/positions.ts'
import type { QueryItem } from '../../kernel/queries.ts'
import { recordedNames } from '../../kernel/recorded-forms.ts'
import { shown } from '../../kernel/shown.ts'
import type { DomainLog } from '../../store/domain-log.ts'
import { evolved, type Guard } from '../guard/index.ts'
import { cachedFactsMax } from '../limits.ts'

/** One model of a command, for one input. */
export interface Consulted {
  readonly name: string
  readonly model: DecisionModel
  /** The events of the facts. */
  readonly query: QueryItem
  /** Commands with the same key may conflict. */
  readonly key: string
}

interface KnownFacts {
  readonly state: unknown
  readonly position: Position
}

/** What a command consults for this input. Throws `invalid_command`. */
export function consultedBy({ type, consults }: AnyCommandType, input: unknown): readonly Consulted[] {
  return Object.entries(consults).map(([name, { model, members }]) => {
    const tags = model.tags.map((tag) => {
      const value = (input as Record<string, unknown> | null)?.[members[tag]!]
      if (typeof value === 'string' || typeof value === 'number') return tagText(tag, value)
      throw new IndelibleError(
        'invalid_command',
        `${type} consults "${name}" by the member "${members[tag]}" of its input, which is ${shown(value)}: it must be text or a number.`,
      )
    })
    const query = { types: recordedNames(model.events), tags }
    return { name, model, query, key: `facts ${model.name} ${JSON.stringify(tags)}` }
  })
}

export class Facts {
  readonly #log: DomainLog
  readonly #guard: Guard
  /** In order of last use. */
  readonly #cache = new Map<string, KnownFacts>()

  constructor({ log, guard }: { readonly log: DomainLog; readonly guard: Guard }) {
    this.#log = log
    this.#guard = guard
  }

  /** The facts at a position, by name. */
  async at(to: Position, consulted: readonly Consulted[]): Promise<Readonly<Record<string, unknown>>> {
    const facts = consulted.map(async (each) => [each.name, await this.#factsOf(each, to)] as const)
    return Object.fromEntries(await Promise.all(facts))
  }

  async #factsOf({ model, query, key }: Consulted, to: Position): Promise<unknown> {
    let known = this.#cache.get(key) ?? { state: model.initialState, position: 0 }
    if (known.position < to) {
      for await (const { events } of this.#log.read(model.events, [query], { from: known.position + 1, to })) {
        const state = evolved(model, known.state, events, this.#guard)
        known = { state, position: events.at(-1)?.position ?? known.position }
      }
      known = { state: known.state, position: to }
    }
    this.#remember(key, known)
    return known.state
  }

  #remember(key: string, known: KnownFacts): void {
    this.#cache.delete(key)
    this.#cache.set(key, known)
    if (this.#cache.size <= cachedFactsMax) return
    const [oldest] = this.#cache.keys()
    this.#cache.delete(oldest!)
  }
}

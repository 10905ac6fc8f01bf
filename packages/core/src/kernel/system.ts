// A system, declared once: its commands, projections and sagas. API, documentation and console all derive from this.
import type { AnyAggregate, AnyCommandType } from './aggregates.ts'
import { IndelibleError } from './errors.ts'
import type { AnyEventType } from './event-types.ts'
import type { Projection } from './projections.ts'
import type { Saga } from './sagas.ts'

export interface System {
  readonly name: string
  /** Those of the commands, in order of first mention. */
  readonly aggregates: readonly AnyAggregate[]
  readonly commands: readonly AnyCommandType[]
  readonly projections: readonly Projection[]
  readonly sagas: readonly Saga[]
  /** Those of the aggregates. */
  readonly events: readonly AnyEventType[]
}

/** Declares a system and checks that its parts fit together. Throws `invalid_declaration`. */
export function defineSystem(parts: {
  name: string
  commands: readonly AnyCommandType[]
  projections?: readonly Projection[]
  sagas?: readonly Saga[]
}): System {
  const { name, commands, projections = [], sagas = [] } = parts
  const aggregates = [...new Set(commands.map((command) => command.aggregate))]
  const events = [...new Set(aggregates.flatMap((aggregate) => aggregate.events))]

  unique('aggregate', aggregates, ({ category }) => category)
  unique('command', commands, ({ type, aggregate }) => `${aggregate.category}/${type}`)
  unique('event', events, ({ type, schemaVersion }) => `${type} version ${schemaVersion}`)
  unique('projection', projections, (projection) => projection.name)
  unique('saga', sagas, (saga) => saga.name)

  const known = new Set(events.map(({ type }) => type))
  for (const projection of projections) {
    const unknown = projection.eventTypes.find((type) => !known.has(type))
    if (unknown) throw invalid(`Projection "${projection.name}" handles "${unknown}", which no aggregate here emits.`)
  }
  for (const saga of sagas) {
    if (!known.has(saga.startsOn))
      throw invalid(`Saga "${saga.name}" starts on "${saga.startsOn}", which no aggregate here emits.`)
  }
  return { name, aggregates, commands, projections, sagas, events }
}

function unique<Part>(what: string, parts: readonly Part[], nameOf: (part: Part) => string): void {
  const seen = new Map<string, Part>()
  for (const part of parts) {
    const name = nameOf(part)
    if (seen.has(name)) throw invalid(`There are two of the ${what} "${name}".`)
    seen.set(name, part)
  }
}

function invalid(message: string): IndelibleError {
  return new IndelibleError('invalid_declaration', message)
}

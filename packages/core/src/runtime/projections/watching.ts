// Calls the functions of a projection, in development with an eye on them: on frozen input, without clock and I/O, twice, and the answers compared.
import { isDeepStrictEqual } from 'node:util'
import { IndelibleError } from '../../kernel/errors.ts'
import { unknownVersion } from '../../kernel/event-types.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import { deepFreeze } from '../../kernel/freeze.ts'
import type { AnyRowHandler, Projection } from '../../kernel/projections.ts'
import type { Row } from '../../kernel/tables.ts'
import type { ReplayBatch } from '../../store/port.ts'
import { type PureCall, trusted } from '../purity.ts'

/** Events of one type that are watched before it becomes one in many. */
const watchedFirst = 1000

export interface Watching {
  readonly call: PureCall
  /** Of each type the first thousand events are watched and then one in so many; each when left out. */
  readonly watchedEvery?: number
}

/** The handlers for the events of a batch, by the index of their type. They throw `impure_projector` and `event_version_unknown`. */
export type HandlersFor = (batch: Pick<ReplayBatch, 'schemaVersion'>) => readonly AnyRowHandler[]

export function watchedHandlers(projection: Projection, by: Watching): HandlersFor {
  const { name, eventTypes, handlers, schemaVersions } = projection
  const ofListed = eventTypes.map((type) => twice(`the handler of ${type} in "${name}"`, handlers[type]!, by))
  const ofAny = ofListed.map((handler, type) => ofListedVersions(projection, type, handler))
  // To look at each event costs a fold of columns a tenth of its time.
  return ({ schemaVersion }) =>
    schemaVersion !== undefined && schemaVersions.every((listed) => listed.includes(schemaVersion)) ? ofListed : ofAny
}

/** What gives the keys of an event, by the index of its type, in a projection that has keys of its own. Throws as the handlers do. */
export function watchedKeys(
  projection: Projection,
  by: Watching,
): readonly ((event: RecordedEvent) => readonly Row[])[] | undefined {
  const { name, eventTypes, keysOf } = projection
  if (!keysOf) return undefined
  return eventTypes.map((type, index) => {
    const keys = ofListedVersions(projection, index, twice(`the key of ${type} in "${name}"`, keysOf, by))
    return (event) => {
      const given = keys(event)
      return Array.isArray(given) ? given : [given as Row]
    }
  })
}

/** Code for one version of an event may make anything of another. The first version is looked at by itself: as a rule there is no other. */
function ofListedVersions<Given extends readonly unknown[], Answer>(
  { name, schemaVersions }: Projection,
  type: number,
  run: (event: RecordedEvent, ...given: Given) => Answer,
): (event: RecordedEvent, ...given: Given) => Answer {
  const versions = schemaVersions[type]!
  const [first] = versions
  return (event, ...given) => {
    const { schemaVersion } = event
    if (schemaVersion === first || versions.includes(schemaVersion)) return run(event, ...given)
    throw unknownVersion(`Projection "${name}"`, event, versions)
  }
}

function twice<Given extends readonly unknown[], Answer>(
  what: string,
  run: (event: RecordedEvent, ...given: Given) => Answer,
  { call, watchedEvery = 1 }: Watching,
): (event: RecordedEvent, ...given: Given) => Answer {
  if (call === trusted) return run
  let count = 0
  return (event, ...given) => {
    if (++count > watchedFirst && count % watchedEvery !== 0) return run(event, ...given)
    deepFreeze(event.data)
    for (const each of given) deepFreeze(each)
    const [first, second] = [call(what, () => run(event, ...given)), call(what, () => run(event, ...given))]
    if (isDeepStrictEqual(first, second)) return first
    throw new IndelibleError(
      'impure_projector',
      `${what} gave two answers to the same input. It may depend only on what it is given.`,
    )
  }
}

/** Of each handler, whether it takes a row and has no default for it. */
export function needsRow({ eventTypes, handlers }: Projection): readonly boolean[] {
  return eventTypes.map((type) => handlers[type]!.length > 1)
}

export function rowMissing({ name, eventTypes }: Projection, type: number, key: Row): IndelibleError {
  const where = `${eventTypes[type]} concerns the row ${JSON.stringify(key)}`
  return new IndelibleError('row_missing', `${where}, which "${name}" does not have.`)
}

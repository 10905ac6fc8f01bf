// What a principal sees of what it asked for: what it may not see is left out.
import { type EventMetadata, isJson, type RecordedEvent, recordedEvent } from '../kernel/events.ts'
import { isReserved } from '../kernel/reserved.ts'
import type { Row } from '../kernel/tables.ts'
import { utf8 } from '../kernel/text.ts'
import { isScalar, memberAt, unmet, valuesOf } from './conditions.ts'
import type { Condition, EventsGrant, Grant, StreamsGrant, TablesGrant } from './grants.ts'
import { only, without } from './leaving-out.ts'
import { covers, coversEvent, misfit } from './misfit.ts'
import type { PersonalData } from './personal-data.ts'
import type { Principal } from './principal.ts'

export interface Sees {
  /** Whether nothing is ever left out. */
  readonly isAll: boolean
  /** The event without what may not be seen, or nothing. */
  event(event: RecordedEvent): RecordedEvent | undefined
  events(events: readonly RecordedEvent[]): readonly RecordedEvent[]
  state(stream: string, state: unknown): unknown
  /** `columns` are those that conditions and order ask for: the grant that decides must show them. */
  rows(table: string, columns: readonly string[]): SeenRows
  saga(name: string, id: string): boolean
}

/** The part of a table that is seen. */
export interface SeenRows {
  /** Whether all rows and columns are seen. */
  readonly isAll: boolean
  /** The conditions of a caller and those of the grant; nothing if no row can meet both. */
  where(asked: Row | undefined): Row | undefined
  row<Any extends Row>(row: Any): Any
  /** Whether a row is among those that are seen. */
  has(row: Row): boolean
}

/** Sees everything. */
export const seesAll: Sees = {
  isAll: true,
  event: (event) => event,
  events: (events) => events,
  state: (_, state) => state,
  rows: () => ({ isAll: true, where: (asked) => asked ?? {}, row: (row) => row, has: () => true }),
  saga: () => true,
}

/** `grants` are those for the principal. */
export function seesBy(grants: readonly Grant[], principal: Principal, personal: PersonalData): Sees {
  if (grants.some(({ may }) => may === 'everything')) return seesAll
  const ofEvents = grants.filter(isOfEvents)
  const event = (each: RecordedEvent) => {
    const grant = ofEvents.find((one) => isEventIn(one, each, principal, personal))
    return grant && shownEvent(grant, each, personal)
  }
  return {
    isAll: false,
    event,
    events: (events) => events.flatMap((each) => event(each) ?? []),
    state(stream, state) {
      const grant = grants.find((one) => !misfit(one, { verb: 'read', stream, of: 'state' }, principal, personal)) as
        | StreamsGrant
        | undefined
      const { states, except = [] } = grant ?? { states: [] }
      return without(states ? only(state, states) : state, except)
    },
    rows(table, columns) {
      const need = { verb: 'read', table, rows: { columns } } as const
      const grant = grants.find((one) => !misfit(one, need, principal, personal)) as TablesGrant | undefined
      return seenRows(grant, principal)
    },
    saga: (saga, id) => grants.some((one) => !misfit(one, { verb: 'read', saga, id }, principal, personal)),
  }
}

type OfEvents = StreamsGrant | EventsGrant

function isOfEvents(grant: Grant): grant is Grant & OfEvents {
  return grant.may === 'read' && ('streams' in grant || 'events' in grant)
}

function isEventIn(grant: OfEvents, event: RecordedEvent, principal: Principal, personal: PersonalData): boolean {
  if (isReserved(event.stream)) return false
  const isNamed =
    'streams' in grant ? covers(grant.streams, event.category) : coversEvent(grant.events, event.type, personal)
  const member = (name: string) =>
    name === 'id' ? event.streamId : memberAt(jsonData(event), name.split('.').slice(1))
  return isNamed && unmet(grant.where, member, principal) === undefined
}

function jsonData({ contentType, data }: RecordedEvent): unknown {
  return isJson(contentType) ? data : undefined
}

function shownEvent(
  { personal: isPersonal = false, except = [] }: OfEvents,
  event: RecordedEvent,
  personal: PersonalData,
) {
  if (isPersonal && except.length === 0) return event
  const paths = isPersonal ? [] : personal.pathsOf(event.type)
  // Of bytes, and of an event that the code does not know, nobody can say what is personal in them.
  const isUnknown = paths === undefined || (!isJson(event.contentType) && paths.length + except.length > 0)
  const left = isUnknown ? [] : [...paths, ...except]
  const data = isUnknown
    ? utf8('null')
    : left.length === 0
      ? event.dataBytes
      : utf8(JSON.stringify(without(event.data, left)))
  return recordedEvent({
    ...{ id: event.id, stream: event.stream, version: event.version, position: event.position },
    ...{ type: event.type, schemaVersion: event.schemaVersion, recordedAt: event.recordedAt, validAt: event.validAt },
    contentType: isUnknown ? 'application/json' : event.contentType,
    dataBytes: data,
    metadataBytes: utf8(JSON.stringify(plainMetadata(event.metadata))),
    // Tags are made from data.
    tags: isUnknown || left.length > 0 ? [] : event.tags.filter((tag) => !isReserved(tag)),
  })
}

/** Without the recorded command, whose input leads to personal data, and without what callers added. */
function plainMetadata({ actor, commandId, correlationId, causationId, traceparent }: EventMetadata): EventMetadata {
  return JSON.parse(JSON.stringify({ actor, commandId, correlationId, causationId, traceparent }))
}

function seenRows(grant: TablesGrant | undefined, principal: Principal): SeenRows {
  if (!grant) return { isAll: false, where: () => undefined, row: (row) => row, has: () => false }
  const { where = {}, columns } = grant
  return {
    isAll: !columns && Object.keys(where).length === 0,
    where: (asked) => joinedWhere(asked ?? {}, where, principal),
    row: (row) => (columns ? (Object.fromEntries(columns.map((name) => [name, row[name]])) as typeof row) : row),
    has: (row) => unmet(where, (column) => row[column], principal) === undefined,
  }
}

/** Both conditions: the caller's and the grant's. A row without a value meets no grant. */
function joinedWhere(asked: Row, where: Readonly<Record<string, Condition>>, principal: Principal): Row | undefined {
  let joined = asked
  for (const [column, condition] of Object.entries(where)) {
    const there = Object.hasOwn(asked, column) ? asked[column] : {}
    const { eq, in: among, isNull, ...others } = isOperators(there) ? there : { eq: there }
    if (isNull === true || isNull === 'true') return undefined
    // What is neither is refused where the other conditions are read.
    const wrong = isNull === undefined || isNull === false || isNull === 'false' ? {} : { isNull }
    const wanted = [eq, among].filter((each) => each !== undefined).map((each) => [each].flat())
    const both = wanted.reduce<readonly unknown[]>(
      (values, given) =>
        given.filter((each) => isScalar(each) && values.some((value) => String(value) === String(each))),
      valuesOf(condition as Exclude<Condition, { startsWith: string }>, principal),
    )
    if (both.length === 0) return undefined
    joined = { ...joined, [column]: { ...others, ...wrong, ...(both.length === 1 ? { eq: both[0] } : { in: both }) } }
  }
  return joined
}

function isOperators(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

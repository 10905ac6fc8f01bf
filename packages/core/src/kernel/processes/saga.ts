// Sagas run a process over several aggregates: each step sends a command; when one is refused, the steps before it are compensated in reverse order
// (Garcia-Molina and Salem, "Sagas", SIGMOD 1987, https://doi.org/10.1145/38713.38742).
import type { Nothing } from '../commands.ts'
import { checkedDescription } from '../descriptions.ts'
import type { AnyEventType, DataOf } from '../event-types.ts'
import type { RecordedEvent } from '../events.ts'
import type { JsonSchema } from '../json-data.ts'
import type { BeginsFrom } from '../reactions.ts'
import { isSchema, type Schema } from '../schemas.ts'
import { shown } from '../shown.ts'
import { declaredVersion } from '../versions.ts'
import { allNodes, type FlowNode, type SagaSend } from './flow.ts'
import { flowOf } from './flow-builder.ts'
import type { Flow, SagaCommand } from './flow-chain.ts'
import { checkedName, checkedSend, invalid, uncapital } from './flow-checks.ts'
import { checkedMaps, type SagaMaps } from './saga-maps.ts'

/** An event that concerns a saga which is under way, and the id of that saga. */
export interface Correlated<Event extends AnyEventType = AnyEventType> {
  readonly event: Event
  /** The id of the saga that an event is for. Pure. The id of the event's stream when left out. */
  readonly correlate?: (data: DataOf<Event>, event: RecordedEvent) => string
}

/** What a saga is besides its flow. `Given` are the data that a parent gives. */
export interface SagaHead<Given = unknown, Name extends string = string> {
  readonly name: Name
  readonly version: number
  readonly description: string | undefined
  /** Who looks at an instance that cannot go on. */
  readonly owner: string | undefined
  /** The category of the stream that each instance keeps its history in. */
  readonly category: string
  /** Any of these starts a saga, whose id is that of the event's stream. None where only other sagas start it. */
  readonly startsOn: readonly AnyEventType[]
  /** Of a saga that only others start: what their data must be. */
  readonly data: Schema | undefined
  /** Where a saga begins that is new to a log with history. */
  readonly from: BeginsFrom
  /** Any of these makes a saga that is under way compensate. */
  readonly cancelsOn: readonly Correlated[]
  /** Sent when the saga has completed, and when it has compensated. */
  readonly onCompleted: SagaSend | undefined
  readonly onCompensated: SagaSend | undefined
  /** Earlier versions of this saga. One that began on such a version ends on it, where no map takes it over. */
  readonly former: readonly AnySaga[]
  /** How instances of earlier versions go over to this one. */
  readonly maps: SagaMaps
  /** Never set; carries the type. */
  readonly '~data'?: Given
}

/** A declared saga. `Data` are those that it begins with, `Answers` what its nodes answer, by their names, `Given` what a parent gives it as its data. */
export type Saga<Data = unknown, Answers = unknown, Given = Data> = SagaHead<Given> &
  Flow<SagaHead<Given>, Data, Answers, undefined>

// biome-ignore lint/suspicious/noExplicitAny: any saga, whatever starts it
export type AnySaga = SagaHead<any> & { readonly nodes: readonly FlowNode[] }

/** What starts a saga: an event, or several. The saga has the id of the event's stream, so a stream starts one at most. */
interface StartedByEvent<Events> {
  readonly startsOn: Events
  readonly data?: never
}

/** Only other sagas start it, as their child, with data of this schema. */
interface StartedByParent<Data, Given> {
  readonly data: JsonSchema<Data, Given>
  readonly startsOn?: never
}

/**
 * Declares a saga by the event that starts one: `saga('transfer', { startsOn: TransferRequested }).step(…)`. A saga that only other sagas start, as their
 * child, has the schema of its data in the place of the event: `saga('refund', { data: z.object({ cents }) })`.
 * All its functions are pure: they may be called again after a crash. Throws `invalid_declaration`.
 */
export function saga<
  const Events extends AnyEventType | readonly AnyEventType[] = never,
  Data = DataOfStart<Events>,
  Given = Data,
  Done = unknown,
  Undone = unknown,
  const Name extends string = string,
>(
  name: Name,
  definition: (StartedByEvent<Events> | StartedByParent<Data, Given>) & {
    /** For people who read the generated documents: what it means in the domain. */
    readonly description?: string | undefined
    /** 1 when left out. Raise it when the flow changes. */
    readonly version?: number
    /** Who looks at an instance that cannot go on: a person or a team. */
    readonly owner?: string
    /** Where it begins in a log that has history already: `now`, the default, or `beginning`, which starts a saga for all of history. */
    readonly from?: BeginsFrom
    /** Events that make a saga which is under way take everything back, until it sends a step without `compensate`: `OrderCancelled`, or `{ event, correlate }`. */
    readonly cancelsOn?: AnyEventType | Correlated | readonly (AnyEventType | Correlated)[]
    /** The last command of a saga that has completed. */
    readonly onCompleted?: SagaCommand<NoInfer<Data>, Nothing, undefined, Done>
    /** The last command of a saga that has compensated. */
    readonly onCompensated?: SagaCommand<NoInfer<Data>, Nothing, undefined, Undone>
    /** Earlier versions. Instances that began on one of them end on it, unless `maps` takes them over. */
    readonly former?: readonly AnySaga[]
    /**
     * How instances that began on an earlier version go over to this one: `{ 1: { steps: { deposit: 'credit', check: null } } }`. One that does not fit its map
     * stays on its version if `former` has it, and else needs intervention.
     */
    readonly maps?: SagaMaps
  },
): SagaHead<Given, Name> & Flow<SagaHead<Given, Name>, Data, Nothing, undefined> {
  checkedName('A saga', name)
  const who = `Saga "${name}"`
  const version = declaredVersion(who, definition.version)
  const { owner, from = 'now', cancelsOn = [], onCompleted, onCompensated, former = [], maps = {} } = definition
  const { starts, data } = startOf(
    who,
    definition as Partial<StartedByEvent<unknown> & StartedByParent<unknown, unknown>>,
  )
  if (from !== 'now' && from !== 'beginning')
    throw invalid(`${who} begins from ${shown(from)}: write "now" or "beginning".`)
  const cancels = listOf<AnyEventType | Correlated>(cancelsOn).map((each) => correlated(who, each))
  for (const [what, send] of Object.entries({ onCompleted, onCompensated }))
    if (send !== undefined) checkedSend(`"${what}" of ${uncapital(who)}`, send)
  for (const old of former) {
    if (old?.name !== name || !(old.version < version))
      throw invalid(
        `${who} lists ${shown(old?.name)} version ${shown(old?.version)} under "former". List lower versions of the same saga.`,
      )
  }
  const head: SagaHead = {
    name,
    version,
    description: checkedDescription(who, definition),
    owner,
    category: `$saga.${name}`,
    startsOn: starts,
    data,
    from,
    cancelsOn: cancels,
    onCompleted: onCompleted as SagaSend | undefined,
    onCompensated: onCompensated as SagaSend | undefined,
    former,
    maps: checkedMaps(who, maps, version),
  }
  return flowOf(who, head, []) as never
}

type DataOfStart<Events> = Events extends readonly AnyEventType[] ? DataOf<Events[number]> : DataOf<Events>

function startOf(who: string, { startsOn, data }: { readonly startsOn?: unknown; readonly data?: unknown }) {
  const starts = startsOn === undefined ? [] : listOf<AnyEventType>(startsOn)
  if (startsOn === undefined && isSchema(data)) return { starts, data }
  if (data !== undefined)
    throw invalid(
      `${who} has "data", which must be a schema, and is only for a saga without "startsOn" that other sagas start.`,
    )
  if (starts.length > 0 && starts.every(isEvent)) return { starts, data: undefined }
  throw invalid(
    `${who} needs the event that starts it: startsOn: TransferRequested. Where only other sagas start it, it needs a schema: data: z.object({ … }).`,
  )
}

function correlated(who: string, given: AnyEventType | Correlated): Correlated {
  if (isEvent(given)) return { event: given }
  if (isEvent(given?.event) && typeof (given.correlate ?? invalid) === 'function') return given
  throw invalid(
    `${who} cancels on ${shown(given)}: write an event, or { event: OrderCancelled, correlate: (data) => data.order }.`,
  )
}

function isEvent(given: unknown): given is AnyEventType {
  const event = given as Partial<AnyEventType> | undefined
  return typeof event?.type === 'string' && event.version !== undefined
}

function listOf<Item>(given: unknown): readonly Item[] {
  return Array.isArray(given) ? given : [given as Item]
}

/** Every event that a saga starts on, waits for, or is cancelled by. */
export function sagaEvents({ startsOn, cancelsOn, nodes }: AnySaga): readonly AnyEventType[] {
  const awaited = allNodes(nodes).flatMap((node) => (node.kind === 'await' ? [node.event] : []))
  return [...startsOn, ...awaited, ...cancelsOn.map(({ event }) => event)]
}

/** Every command that a saga sends, and where. */
export function sagaSends({
  nodes,
  onCompleted,
  onCompensated,
}: AnySaga): readonly { readonly place: string; readonly send: SagaSend }[] {
  const ofNodes = allNodes(nodes).flatMap((node) => {
    const place = node.kind === 'step' ? `Step "${node.name}"` : `"${node.name}"`
    const send = node.kind === 'step' ? [{ place, send: node.send }] : []
    const compensate =
      'compensate' in node && typeof node.compensate === 'object' ? [{ place, send: node.compensate }] : []
    return [...send, ...compensate]
  })
  const last = Object.entries({ onCompleted, onCompensated }).flatMap(([name, send]) =>
    send ? [{ place: `"${name}"`, send }] : [],
  )
  return [...ofNodes, ...last]
}

// Declares a system: one list of all its declarations, which are checked before a start.
import type { ActivityType, AnyActivityType } from './activities.ts'
import type { AnyCommandType } from './commands.ts'
import { checkedDescription, type Described } from './descriptions.ts'
import { IndelibleError } from './errors.ts'
import type { RecordedOf } from './event-types.ts'
import { type AnySaga, type Policy, sagaEvents } from './processes/index.ts'
import type { Projection } from './projections.ts'
import type { Reaction, Subscription } from './reactions.ts'
import type { AnyRemoteSystem } from './remotes.ts'
import type { System } from './system.ts'
import { findingsOf } from './system-check.ts'

export interface SystemDefinition extends Described {
  readonly name: string
  readonly commands: readonly AnyCommandType[]
  // biome-ignore lint/suspicious/noExplicitAny: of any columns
  readonly projections?: readonly Projection<any, any>[]
  readonly sagas?: readonly AnySaga[]
  // biome-ignore lint/suspicious/noExplicitAny: whatever it sends
  readonly policies?: readonly Policy<any>[]
  readonly reactions?: readonly Reaction[]
  readonly subscriptions?: readonly Subscription[]
  /** The other systems that it sends commands to and hears events from: `remotes: [partner]`. */
  readonly remotes?: readonly AnyRemoteSystem[]
  /** What HTTP services do for it: `activities: [AuthorisePayment]`. */
  readonly activities?: readonly AnyActivityType[]
}

/**
 * Declares a system and checks everything that can be checked before a start. Throws `invalid_declaration` with all findings in the message and in
 * `details.findings`.
 */
export function defineSystem<
  Commands extends readonly AnyCommandType[],
  // biome-ignore lint/suspicious/noExplicitAny: of any columns
  Projections extends readonly Projection<any, any>[] = readonly never[],
  Sagas extends readonly AnySaga[] = readonly never[],
  Activities extends readonly AnyActivityType[] = readonly never[],
  Remotes extends readonly AnyRemoteSystem[] = readonly never[],
>(
  definition: Omit<SystemDefinition, 'commands' | 'projections' | 'sagas' | 'activities' | 'remotes'> & {
    readonly commands: Commands
    readonly projections?: Projections
    readonly sagas?: Sagas
    /** What HTTP services do for it: `activities: [AuthorisePayment]`. */
    readonly activities?: Activities
    /** The other systems that it sends commands to and hears events from: `remotes: [partner]`. */
    readonly remotes?: Remotes
  },
): System<{
  command: Commands[number]
  projection: Projections[number]
  saga: Sagas[number]['name']
  event: RecordedBy<Activities[number]> | HeardFrom<Remotes[number]>
}> {
  const { name, commands, projections = [], sagas = [], policies = [] } = definition
  const { reactions = [], subscriptions = [], remotes = [], activities = [] } = definition
  assertThere(name, { commands, projections, sagas, policies, reactions, subscriptions, remotes, activities })
  const aggregates = unique(commands.flatMap(({ aggregate }) => aggregate ?? []))
  const decisionModels = unique(commands.flatMap(({ consults }) => Object.values(consults).map(({ model }) => model)))
  const events = unique([
    ...aggregates.flatMap((each) => each.events),
    ...commands.flatMap((each) => each.emits.filter((event) => typeof event?.type === 'string')),
    ...activities.flatMap((each) => each.emits),
    ...decisionModels.flatMap((each) => each.events),
    ...projections.flatMap((each) => each.events),
    ...sagas.flatMap(sagaEvents),
    ...[...policies, ...reactions, ...subscriptions].flatMap((each) => each.events),
    ...remotes.flatMap(({ events: heard }) => Object.values(heard)),
  ])
  const consumers = { projections, sagas, policies, reactions, subscriptions, remotes, activities }
  const description = checkedDescription(`The system "${name}"`, definition)
  const system = { name, description, commands, ...consumers, aggregates, decisionModels, events }
  const findings = findingsOf(system)
  if (findings.length === 0) return system
  throw cannotWork(name, findings)
}

type RecordedBy<Activity> =
  // biome-ignore lint/suspicious/noExplicitAny: any activity
  Activity extends ActivityType<any, any, any, infer Event> ? Event : never
type HeardFrom<Remote extends AnyRemoteSystem> = RecordedOf<Remote['events'][keyof Remote['events']]>

/** If two modules import each other, one of them may get `undefined` for an import. */
function assertThere(name: string, lists: Readonly<Record<string, readonly unknown[]>>): void {
  const findings = Object.entries(lists).flatMap(([list, parts]) => {
    if (!Array.isArray(parts)) return [`"${list}" is not a list.`]
    const missing = parts.flatMap((part, index) => (part === undefined || part === null ? [index] : []))
    return missing.map((index) => `${list}[${index}] is undefined. Do two modules import each other?`)
  })
  if (findings.length > 0) throw cannotWork(name, findings)
}

function cannotWork(name: string, findings: readonly string[]): IndelibleError {
  const list = findings.length === 1 ? ` ${findings[0]}` : `\n${findings.map((each) => `- ${each}`).join('\n')}`
  return new IndelibleError('invalid_declaration', `The system "${name}" cannot work:${list}`, {
    details: { findings },
  })
}

function unique<Part>(parts: readonly Part[]): readonly Part[] {
  return [...new Set(parts)]
}

// Checks a declared system before a start. Each finding says what to do.
import { isActivity } from './activities.ts'
import { faultsOfActivities } from './activity-check.ts'
import type { AnyCommandType } from './commands.ts'
import { hasMember } from './descriptions.ts'
import type { AnyEventType } from './event-types.ts'
import { faultsOfFormerTypes } from './former-check.ts'
import { categoryCharactersMax } from './limits.ts'
import { type AnySaga, childrenOf, sagaEvents, sagaFindings, sagaSends } from './processes/index.ts'
import { faultsOfRemotes } from './remote-check.ts'
import { outputJsonSchema, outputProblem } from './schemas.ts'
import type { System } from './system.ts'

export function findingsOf(system: System): readonly string[] {
  return [
    ...namesOf(system),
    ...system.events.flatMap(eventFindings),
    ...faultsOfFormerTypes(system),
    ...system.commands.flatMap(commandFindings),
    ...consumerFindings(system),
    ...faultsOfSagas(system),
    ...faultsOfPolicies(system),
    ...faultsOfRemotes(system),
    ...faultsOfActivities(system),
  ]
}

function namesOf(system: System): string[] {
  const { name, aggregates, commands, events, decisionModels } = system
  const { projections, sagas, policies, reactions, subscriptions, remotes } = system
  const twice = <Part>(what: string, parts: readonly Part[], nameOf: (part: Part) => string, todo: string) => {
    const names = parts.map(nameOf)
    const repeated = new Set(names.filter((each, index) => names.indexOf(each) < index))
    return [...repeated].map((each) => `There are two of the ${what} "${each}". ${todo}`)
  }
  const categories = new Set(aggregates.map(({ category }) => category))
  const shared = commands.filter(({ aggregate, category }) => !aggregate && categories.has(category))
  return [
    ...(typeof name === 'string' && name ? [] : ['The system has no name.']),
    ...twice(
      'aggregate',
      aggregates,
      ({ category }) => category,
      'Declare its commands on the aggregate that has all handlers, not on one before .on(…).',
    ),
    ...twice(
      'command',
      [...commands, ...system.activities],
      ({ category, type }) => `${category}/${type}`,
      'Give one of them another name.',
    ),
    ...twice(
      'event',
      events,
      ({ type }) => type,
      'Each event is declared once. Its older versions come before it, in a chain with .next(…).',
    ),
    ...twice(
      'projections, sagas, policies, reactions, subscriptions and other systems',
      [...projections, ...sagas, ...policies, ...reactions, ...subscriptions, ...remotes],
      (each) => each.name,
      'Give one of them another name: operators name them alone.',
    ),
    ...twice('decision model', decisionModels, (each) => each.name, 'Declare it once, with all handlers.'),
    ...shared.map(
      ({ type, category }) =>
        `The command "${type}" has no aggregate, but writes to the streams of aggregate "${category}". Give it a category of its own.`,
    ),
  ]
}

function eventFindings({ type, schema, older, personal }: AnyEventType): string[] {
  const problem = outputProblem(schema)
  const described = [schema, ...older.map((each) => each.schema)].map(outputJsonSchema)
  const unknown = personal.filter((path) => !described.some((each) => hasMember(each, path.split('.'))))
  return [
    ...unknown.map((path) => `Event "${type}" marks "${path}" as personal, which its data do not have.`),
    ...(problem === undefined
      ? []
      : [`The data of event "${type}" cannot be kept as JSON: ${problem}. Use text or numbers, such as an ISO date.`]),
  ]
}

function commandFindings({ type, category, aggregate, emits, consults }: AnyCommandType): string[] {
  const who = `The command "${category}/${type}"`
  const undeclared = emits.filter((event) => typeof event?.type !== 'string')
  const unhandled = emits.filter(
    (event) => aggregate && event?.type && !aggregate.events.some((each: AnyEventType) => each.type === event.type),
  )
  const empty = Object.entries(consults).filter(([, { model }]) => model.events.length === 0)
  const unmatched = Object.entries(consults).filter(([, { model, members }]) => model.tags.some((tag) => !members[tag]))
  return [
    ...undeclared.map(
      () => `${who} emits something that is not a declared event. List events as in emits: [FundsWithdrawn].`,
    ),
    ...unhandled.map(
      (event) =>
        `${who} emits "${event.type}", for which aggregate "${category}" has no handler. Add .on(${event.type}, …).`,
    ),
    ...empty.map(([name]) => `${who} consults "${name}", whose decision model handles no event. Add .on(…).`),
    ...unmatched.map(([name]) => `${who} consults "${name}" without a member of the input for each of its tags.`),
    ...(category.length > categoryCharactersMax
      ? [`${who} has a category of more than ${categoryCharactersMax} characters.`]
      : []),
  ]
}

/** The log may have events that no command emits any more, so an aggregate may handle them. In other handlers they are a mistake. */
function consumerFindings(system: System): string[] {
  const { commands, aggregates, decisionModels, projections, sagas, policies, reactions, subscriptions } = system
  const known = new Set([
    ...[...commands, ...system.activities].flatMap(({ emits }) => emits.map((event) => event?.type)),
    ...[...aggregates, ...decisionModels].flatMap(({ events }) => events.map(({ type }) => type)),
    ...system.remotes.flatMap(({ events }) => Object.values(events).map(({ type }) => type)),
  ])
  const orphans = (who: string, events: readonly AnyEventType[]) =>
    events
      .filter(({ type }) => !known.has(type))
      .map(
        ({ type }) =>
          `${who} handles "${type}", which no command here emits. List the command that does, or the other system that it comes from.`,
      )
  return [
    ...projections.flatMap(({ name, events }) => [
      ...orphans(`Projection "${name}"`, events),
      ...(events.length === 0 ? [`Projection "${name}" handles no event. Add .on(…) or .write(…).`] : []),
    ]),
    ...sagas.flatMap((each) => orphans(`Saga "${each.name}"`, sagaEvents(each))),
    ...[...policies, ...reactions, ...subscriptions].flatMap(({ name, events }) => [
      ...orphans(`"${name}"`, events),
      ...(events.length === 0 ? [`"${name}" follows no event. Say which.`] : []),
    ]),
  ]
}

function faultsOfSagas(system: System): string[] {
  const { sagas } = system
  const listed = sendable(system)
  const children = new Set(sagas.flatMap(({ nodes }) => childrenOf(nodes)))
  return sagas.flatMap((each) => [
    ...(each.nodes.length === 0 ? [`Saga "${each.name}" has no steps. Add .step(…).`] : []),
    ...(each.data ? childOnlyFindings(each, children) : []),
    ...sagaSends(each)
      .filter(({ send }) => !listed.has(send.command))
      .map(({ place, send }) => `${place} of saga "${each.name}" sends ${unlisted(send.command)}`),
    ...sagaFindings(each, sagas)
      .filter(({ kind }) => kind === 'error')
      .map(({ message }) => `Saga "${each.name}": ${message}`),
  ])
}

function childOnlyFindings({ name, data }: AnySaga, children: ReadonlySet<string>): string[] {
  const problem = outputProblem(data!)
  return [
    ...(children.has(name)
      ? []
      : [
          `Saga "${name}" has no start event, and no saga starts it as a child. Add "startsOn", or .child(…) to another saga.`,
        ]),
    ...(problem === undefined
      ? []
      : [`The data of saga "${name}" cannot be kept as JSON: ${problem}. Use text or numbers.`]),
  ]
}

function faultsOfPolicies(system: System): string[] {
  const listed = sendable(system)
  return system.policies.flatMap(({ name, sends }) =>
    sends.filter((each) => !listed.has(each)).map((each) => `Policy "${name}" sends ${unlisted(each)}`),
  )
}

/** The commands that a saga or policy may send: the system's own, those of other systems, and activities. */
function sendable({ commands, remotes, activities }: System): ReadonlySet<AnyCommandType> {
  return new Set([...commands, ...activities, ...remotes.flatMap((remote) => Object.values(remote.commands))])
}

function unlisted(command: AnyCommandType): string {
  const { type, remote } = command
  if (isActivity(command)) return `the activity "${type}", which the system does not list. Add it to "activities".`
  return remote === undefined
    ? `"${type}", which the system does not list. Add it to "commands".`
    : `"${type}" to the other system "${remote}", which the system does not list. Add it to "remotes".`
}

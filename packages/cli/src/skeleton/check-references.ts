// Whether a board names only what it has, and has what its declarations need.
import {
  allFields,
  type Board,
  type BoardCommand,
  type BoardLane,
  type BoardSaga,
  type BoardStep,
  type Field,
  fieldType,
} from 'indelible/schema'
import type { Asking } from './check-names.ts'
import { memberFor, stateFields } from './lanes.ts'
import { isOfEveryObject } from './names.ts'
import { statuses } from './outside.ts'

export function checkReferences(board: Board, { findings, line }: Asking): void {
  const commands = new Map(
    board.lanes.flatMap((lane) => lane.commands.map((command) => [command.name, { lane, command }] as const)),
  )
  const events = new Map(board.lanes.flatMap((lane) => lane.events.map((event) => [event.name, event] as const)))
  const models = new Map(board.models.map((model) => [model.name, model]))
  const sagas = new Map(board.sagas.map((saga) => [saga.name, saga]))
  const known = (
    part: { readonly name: string },
    what: string,
    names: readonly string[],
    all: ReadonlyMap<string, unknown>,
  ) => {
    for (const name of names)
      if (!all.has(name))
        findings.add(
          line(part),
          `${part.name} names the ${what} "${name}", which is not on the board. ${likely(name, [...all.keys()])}`,
        )
  }
  for (const lane of board.lanes) {
    for (const command of lane.commands) {
      if (lane.kind !== 'system') known(command, 'event', command.emits, events)
      known(command, 'decision model', command.consults, models)
      for (const model of command.consults.flatMap((name) => models.get(name) ?? []))
        for (const tag of model.by)
          if (!memberFor(tag, command.fields))
            findings.add(
              line(command),
              `${command.name} consults ${model.name} by "${tag}". Which of its fields is that? Add "- ${tag}: text".`,
            )
      for (const question of questionsOf(command, lane)) findings.add(line(command), question)
      checkFields(command, { findings, line })
    }
    for (const event of lane.events) checkFields(event, { findings, line })
    for (const question of questionsOfLane(lane, board)) findings.add(line(lane), question)
  }
  for (const model of board.models) {
    known(model, 'event', model.on, events)
    if (model.by.length === 0 || model.on.length === 0)
      findings.add(
        line(model),
        `By which tags, and on which events, is ${model.name}? Write "- by customer" and "- on NAMES".`,
      )
    for (const event of model.on.flatMap((name) => events.get(name) ?? []))
      for (const tag of model.by)
        if (!memberFor(tag, event.fields))
          findings.add(
            line(event),
            `${model.name} finds ${event.name} by "${tag}". Which of its fields is that? Add "- ${tag}: text".`,
          )
    if (![...commands.values()].some(({ command }) => command.consults.includes(model.name)))
      findings.add(
        line(model),
        `No command consults ${model.name}. Which one asks for it? Write "- consults ${model.name}" below it.`,
      )
  }
  for (const policy of board.policies) {
    known(policy, 'event', policy.on, events)
    known(policy, 'command', policy.sends, commands)
  }
  for (const each of [...board.policies, ...board.readModels, ...board.reactions, ...board.subscriptions]) {
    if (each.on.length === 0) findings.add(line(each), `On which events is ${each.name}? Write "- on NAMES".`)
  }
  for (const each of [...board.readModels, ...board.reactions, ...board.subscriptions])
    known(each, 'event', each.on, events)
  for (const each of board.readModels)
    for (const { name } of each.columns)
      if (isOfEveryObject(name)) findings.add(line(each), ofEveryObject(name, each.name))
  for (const each of board.readModels)
    if (!each.columns.some(({ isKey }) => isKey))
      findings.add(line(each), `Which column of ${each.name} is the key? Write ", key" behind its type.`)
  for (const saga of board.sagas) {
    const steps = allSteps(saga.steps)
    const sent = [
      ...steps.flatMap((step) => (step.kind === 'step' ? [step.sends] : [])),
      saga.onCompleted,
      saga.onCompensated,
    ]
    const undone = steps.flatMap((step) =>
      'compensatesWith' in step && step.compensatesWith !== 'nothing' ? [step.compensatesWith] : [],
    )
    const heard = [
      ...saga.startsOn,
      ...saga.cancelsOn,
      ...steps.flatMap((step) => (step.kind === 'await' ? [step.event] : [])),
    ]
    known(saga, 'event', heard, events)
    known(
      saga,
      'command',
      [...sent, ...undone].filter((each) => each !== null),
      commands,
    )
    known(
      saga,
      'saga',
      steps.flatMap((step) => (step.kind === 'child' ? [step.saga] : [])),
      sagas,
    )
    for (const step of steps) {
      const refuses = step.kind === 'step' ? commands.get(step.sends)?.command.refuses : undefined
      for (const reason of step.kind === 'step' && refuses ? step.continueOn : [])
        if (!refuses?.includes(reason))
          findings.add(
            line(saga),
            `${step.name} of ${saga.name} goes on after ${reason}, but what it sends does not refuse that.`,
          )
    }
    if (childrenOf(saga.name, sagas).has(saga.name))
      findings.add(
        line(saga),
        `${saga.name} runs itself, or a saga that runs it. No saga can be declared before itself.`,
      )
    if (steps.length === 0)
      findings.add(line(saga), `What does ${saga.name} do? Write "### Steps" with "1. NAME sends NAME".`)
    if (saga.startsOn.length === 0 && !saga.data)
      findings.add(line(saga), `What starts ${saga.name}? Write "- starts on NAMES", or "- started by another saga".`)
  }
}

function questionsOf(command: BoardCommand, lane: BoardLane): readonly string[] {
  if (lane.kind === 'facts' && command.consults.length === 0)
    return [
      `${command.name} has no aggregate, so it decides on facts. Which? Write "- consults NAME" below it, or put it under an aggregate.`,
    ]
  if (lane.kind !== 'service') return []
  const inPath = [...(command.call ?? '').matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!)
  const unknown = inPath.filter(
    (name) => !['id', 'idempotencyKey'].includes(name) && !command.fields.some((field) => field.name === name),
  )
  return [
    ...(command.call !== null && /^(GET|POST|PUT|PATCH|DELETE) \/\S*$/.test(command.call)
      ? []
      : [`Which request does ${command.name} make? Write "- calls POST /path" below it.`]),
    ...unknown.map(
      (name) => `The request of ${command.name} has {${name}}. Which field is that? Add "- ${name}: text".`,
    ),
    ...(command.emits.length > 1 ? [`${command.name} records the answer of a service in one event. Which one?`] : []),
    ...(command.refuses.length > statuses.length
      ? [`${command.name} has more refusals than statuses of HTTP. Take some away.`]
      : []),
  ]
}

function questionsOfLane(lane: BoardLane, board: Board): readonly string[] {
  if (lane.kind === 'aggregate' && lane.commands.length === 0)
    return [`What can be asked of ${lane.name}? Write "### Commands" with at least one.`]
  const members = lane.kind === 'aggregate' ? stateFields(lane, board) : []
  return Object.keys(lane.unique)
    .filter((member) => !members.some(({ name }) => name === member))
    .map(
      (member) =>
        `No event of ${lane.name} has "${member}", which is to be unique. Add it to the event that brings it.`,
    )
}

/** Names that code cannot give, and values that it cannot write as one of several. */
function checkFields(
  part: { readonly name: string; readonly fields: readonly Field[] },
  { findings, line }: Asking,
): void {
  for (const { name, path, type } of allFields(part.fields)) {
    if (isOfEveryObject(name)) findings.add(line(part), ofEveryObject(path, part.name))
    const found = fieldType(type)
    if (found?.kind === 'one of' && found.values.some((value) => typeof value === 'object' && value !== null))
      findings.add(
        line(part),
        `"${path}" of ${part.name} can only be one of words, numbers, true and false. Use another type.`,
      )
  }
}

/** The sagas that one runs, and those that these run. */
function childrenOf(name: string, sagas: ReadonlyMap<string, BoardSaga>): ReadonlySet<string> {
  const found = new Set<string>()
  const follow = (each: string) => {
    for (const step of allSteps(sagas.get(each)?.steps ?? [])) {
      if (step.kind !== 'child' || found.has(step.saga)) continue
      found.add(step.saga)
      follow(step.saga)
    }
  }
  follow(name)
  return found
}

function ofEveryObject(path: string, owner: string): string {
  return `"${path}" of ${owner} has a name that every object of JavaScript has already. Choose another.`
}

/** Every step of a flow, those inside others too. */
function allSteps(steps: readonly BoardStep[]): readonly BoardStep[] {
  return steps.flatMap((step) => {
    const inner =
      step.kind === 'each'
        ? step.steps
        : step.kind === 'parallel' || step.kind === 'choose'
          ? Object.values(step.branches).flat()
          : []
    return [step, ...allSteps(inner)]
  })
}

function likely(name: string, all: readonly string[]): string {
  const near =
    all.find((each) => each.toLowerCase() === name.toLowerCase()) ??
    all.find((each) => each.toLowerCase().includes(name.toLowerCase()))
  if (near !== undefined) return `Do you mean ${near}?`
  return all.length === 0
    ? 'There is none at all.'
    : `There are: ${all.slice(0, shownMax).join(', ')}${all.length > shownMax ? ', …' : ''}.`
}

const shownMax = 8

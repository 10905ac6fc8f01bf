// The board as Markdown that a person can write too. docs/event-storming.md has its grammar.

import type { Field } from '../fields.ts'
import { markdownText } from '../markdown.ts'
import type { ColumnDescription } from '../system-description.ts'
import type { Board, BoardCommand, BoardEvent, BoardLane, BoardSaga, BoardStep } from './board.ts'

export function boardMarkdown(board: Board): string {
  const listening = (
    title: string,
    each: { readonly name: string; readonly description: string | null },
    items: readonly string[],
  ) => [...opened(`${title}: ${nameText(each.name)}`, each), ...block(items)]
  const lines = [
    `# ${nameText(board.name)}`,
    '',
    ...paragraph(board.description),
    ...board.lanes.flatMap(laneLines),
    ...board.models.flatMap((each) =>
      listening('Decision model', each, [`- by ${names(each.by)}`, `- on ${names(each.on)}`]),
    ),
    ...board.policies.flatMap((each) =>
      listening('Policy', each, [`- on ${names(each.on)}`, ...word('sends', each.sends)]),
    ),
    ...board.sagas.flatMap(sagaLines),
    ...board.readModels.flatMap((each) =>
      listening('Read model', each, [
        ...each.columns.map(columnLine),
        ...(each.history ? ['- keeps its past'] : []),
        `- on ${names(each.on)}`,
      ]),
    ),
    ...board.reactions.flatMap((each) => listening('Reaction', each, [`- on ${names(each.on)}`])),
    ...board.subscriptions.flatMap((each) => listening('Subscription', each, [`- on ${names(each.on)}`])),
    ...(board.hotSpots.length > 0
      ? ['## Hot spots', '', ...block(board.hotSpots.map((each) => `- ${markdownText(each)}`))]
      : []),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

const laneTitles = {
  aggregate: 'Aggregate',
  facts: 'Commands on facts',
  system: 'Other system',
  service: 'Service',
} as const

function laneLines(lane: BoardLane): readonly string[] {
  const title = lane.kind === 'elsewhere' ? 'Events from elsewhere' : `${laneTitles[lane.kind]}: ${nameText(lane.name)}`
  return [
    ...opened(title, lane),
    ...block(
      Object.entries(lane.unique).map(([member, reason]) => `- unique ${nameText(member)} refuses ${nameText(reason)}`),
    ),
    ...headed('Commands', lane.commands.flatMap(commandLines)),
    ...headed('Events', lane.events.flatMap(eventLines)),
  ]
}

function commandLines({
  name,
  description,
  fields,
  emits,
  refuses,
  consults,
  isInternal,
  call,
}: BoardCommand): readonly string[] {
  return [
    item(name, description),
    ...indented([
      ...fieldLines(fields),
      ...(call === null ? [] : [`- calls ${markdownText(call)}`]),
      ...word('emits', emits),
      ...word('refuses', refuses),
      ...word('consults', consults),
      ...(isInternal ? ['- internal'] : []),
    ]),
  ]
}

function eventLines({ name, description, fields }: BoardEvent): readonly string[] {
  return [item(name, description), ...indented(fieldLines(fields))]
}

function sagaLines(saga: BoardSaga): readonly string[] {
  const { startsOn, data, cancelsOn, owner, steps, onCompleted, onCompensated } = saga
  return [
    ...opened(`Saga: ${nameText(saga.name)}`, saga),
    ...block([
      ...word('starts on', startsOn),
      ...(data ? ['- started by another saga', ...indented(fieldLines(data))] : []),
      ...word('cancelled by', cancelsOn),
      ...(owner === null ? [] : [`- owner ${markdownText(owner)}`]),
      ...(onCompleted === null ? [] : [`- in the end sends ${nameText(onCompleted)}`]),
      ...(onCompensated === null ? [] : [`- when all is taken back sends ${nameText(onCompensated)}`]),
    ]),
    ...headed('Steps', stepLines(steps)),
  ]
}

function stepLines(steps: readonly BoardStep[]): readonly string[] {
  return steps.flatMap((step, index) => {
    const [first, ...rest] = linesOf(step)
    return [`${index + 1}. ${first}`, ...indented(rest, '   ')]
  })
}

function linesOf(step: BoardStep): readonly string[] {
  const name = nameText(step.name)
  switch (step.kind) {
    case 'step':
      return [
        `${name} sends ${nameText(step.sends)}`,
        ...(step.timeout === null ? [] : [`- within ${step.timeout}`]),
        ...word('goes on after', step.continueOn),
        ...takenBack(step.compensatesWith),
      ]
    case 'child':
      return [`${name} runs saga ${nameText(step.saga)}`, ...takenBack(step.compensatesWith)]
    case 'await':
      return [`${name} waits for ${nameText(step.event)} ${limit(step.within)}`, ...goesOn(step.otherwise)]
    case 'ask':
      return [`${name} asks a person ${limit(step.within)}`, ...goesOn(step.otherwise)]
    case 'sleep':
      return [`${name} sleeps ${step.for === null ? 'until a time' : `for ${step.for}`}`]
    case 'each':
      return [`${name} for each item, at most ${step.atOnce} at once`, ...stepLines(step.steps)]
    default:
      return [
        `${name} ${step.kind === 'parallel' ? 'does all of' : 'chooses one of'}`,
        ...Object.entries(step.branches).flatMap(([branch, steps]) => [
          `- ${nameText(branch)}`,
          ...indented(stepLines(steps)),
        ]),
      ]
  }
}

function takenBack(compensatesWith: string | null): readonly string[] {
  if (compensatesWith === null) return []
  return [compensatesWith === 'nothing' ? '- nothing to take back' : `- taken back by ${nameText(compensatesWith)}`]
}

function limit(within: string): string {
  return within === 'forever' ? 'without a limit' : `within ${within}`
}

function goesOn(otherwise: 'compensate' | 'continue'): readonly string[] {
  return otherwise === 'continue' ? ['- goes on afterwards'] : []
}

function fieldLines(fields: readonly Field[]): readonly string[] {
  return fields.flatMap(({ name, type, isRequired, isNullable, isPersonal, fields: members }) => {
    const marks = [
      ...(isNullable ? ['or null'] : []),
      ...(isRequired ? [] : ['optional']),
      ...(isPersonal ? ['personal'] : []),
    ]
    return [
      `- ${nameText(name || 'value')}: ${[markdownText(type), ...marks].join(', ')}`,
      ...indented(fieldLines(members)),
    ]
  })
}

function columnLine({ name, type, isKey, isNullable, isIndexed }: ColumnDescription): string {
  const marks = [...(isKey ? ['key'] : []), ...(isNullable ? ['or null'] : []), ...(isIndexed ? ['indexed'] : [])]
  return `- ${nameText(name)}: ${[type, ...marks].join(', ')}`
}

function opened(title: string, { description }: { readonly description: string | null }): readonly string[] {
  return [`## ${title}`, '', ...paragraph(description)]
}

function paragraph(description: string | null): readonly string[] {
  return description === null ? [] : [markdownText(description), '']
}

function headed(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`### ${title}`, '', ...lines, '']
}

function block(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [...lines, '']
}

function item(name: string, description: string | null): string {
  return description === null ? `- ${nameText(name)}` : `- ${nameText(name)}: ${markdownText(description)}`
}

/** Nothing where the list is empty. */
function word(verb: string, list: readonly string[]): readonly string[] {
  return list.length === 0 ? [] : [`- ${verb} ${names(list)}`]
}

function names(list: readonly string[]): string {
  return list.map(nameText).join(', ')
}

/** A name of letters, digits and `_ . - /` as it is, also behind what it belongs to (`partner: Open`). Every other is quoted, as JSON quotes it. */
export function nameText(name: string): string {
  return /^[\p{L}\p{N}_.$/-]+$/u.test(name) ? name : markdownText(JSON.stringify(name))
}

function indented(lines: readonly string[], by = '  '): readonly string[] {
  return lines.map((line) => (line === '' ? line : by + line))
}

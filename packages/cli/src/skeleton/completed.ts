// A board with what is left out filled in where only one thing can be meant. Where it is not clear, the board is asked, with its line.

import type { Field } from 'indelible/schema'
import { type Board, type BoardCommand, BoardFindings, type BoardLane, type WrittenBoard } from 'indelible/schema'
import { checkNames } from './check-names.ts'
import { checkReferences } from './check-references.ts'
import { kebab } from './names.ts'

/** Throws `board_invalid` with every question that the board leaves open. */
export function completed({ board, lineOf }: WrittenBoard): Board {
  const findings = new BoardFindings()
  const lines = new Map<object, number>()
  const kept = <Part extends object>(from: object, to: Part): Part => {
    lines.set(to, lineOf(from))
    return to
  }
  const full: Board = {
    ...board,
    name: board.name,
    lanes: board.lanes.map((lane) =>
      kept(lane, {
        ...lane,
        commands: lane.commands.map((command) =>
          kept(command, {
            ...command,
            fields: withoutMarks(command.fields),
            emits: emitsOf(command, lane, { findings, line: lineOf(command) }),
          }),
        ),
        events: lane.events.map((event) => kept(event, { ...event })),
      }),
    ),
    models: board.models.map((each) => kept(each, { ...each })),
    policies: board.policies.map((each) => kept(each, { ...each })),
    sagas: board.sagas.map((each) => kept(each, { ...each, data: each.data && withoutMarks(each.data) })),
    readModels: board.readModels.map((each) => kept(each, { ...each, columns: columnsOf(each, board) })),
    reactions: board.reactions.map((each) => kept(each, { ...each })),
    subscriptions: board.subscriptions.map((each) => kept(each, { ...each })),
  }
  const line = (part: object) => lines.get(part) ?? 1
  checkNames(full, { findings, line })
  checkReferences(full, { findings, line })
  findings.assertNone()
  return full
}

/** Personal data are marked where they are kept: in events. */
function withoutMarks(fields: readonly Field[]): readonly Field[] {
  return fields.map((field) => ({ ...field, isPersonal: false, fields: withoutMarks(field.fields) }))
}

function emitsOf(
  command: BoardCommand,
  lane: BoardLane,
  { findings, line }: { readonly findings: BoardFindings; readonly line: number },
): readonly string[] {
  if (command.emits.length > 0 || lane.kind === 'system') return command.emits
  const said = new Set(lane.commands.flatMap(({ emits }) => emits))
  const free = lane.events.map(({ name }) => name).filter((name) => !said.has(name))
  const isOnlyOne = lane.commands.filter(({ emits }) => emits.length === 0).length === 1
  const fitting = free.length === 1 && isOnlyOne ? free : free.filter((event) => isOutcomeOf(event, command.name))
  if (fitting.length === 1) return fitting
  const from =
    free.length === 0
      ? 'The events below "### Events" are all spoken for, or there are none'
      : `Choose from ${free.join(', ')}`
  findings.add(line, `What does ${command.name} record? ${from}: write "- emits NAME" below it.`)
  return []
}

/** `LendBook` and `BookLent` are about the same words, and the verb has a beginning in common. */
function isOutcomeOf(event: string, command: string): boolean {
  const [verb = '', ...about] = kebab(command).split('-')
  const words = kebab(event).split('-')
  const others = words.filter((word) => !about.includes(word))
  return (
    about.every((word) => words.includes(word)) && others.length === 1 && others[0]!.slice(0, 2) === verb.slice(0, 2)
  )
}

/** A read model without columns has a row for each stream of its first event. */
function columnsOf({ columns, on }: Board['readModels'][number], board: Board): Board['readModels'][number]['columns'] {
  if (columns.length > 0) return columns
  const lane = board.lanes.find(({ events }) => events.some(({ name }) => name === on[0]))
  const name = `${kebab(lane?.name ?? 'row').replaceAll('-', '_')}_id`
  return [{ name, type: 'text', isKey: true, isNullable: false, isIndexed: false }]
}

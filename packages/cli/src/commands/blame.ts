// `indelible history` and `indelible blame`: the changes of a field, and who set the value that it has.
import type { Command } from 'commander'
import type { EventStore } from 'indelible'
import { type Blamed, blame, type Changed, historyOf, type Subject } from 'indelible/history'
import { CliError } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import {
  addCommonOptions,
  addPoints,
  addTable,
  aggregateOf,
  type CommonOptions,
  inspectorsOf,
  keyOf,
  type PointOptions,
  pointOf,
  projectionOf,
  type TableOption,
  untilOpen,
} from '../options/index.ts'
import { causeText, changeText, escapeControls, jsonLine, type Output } from '../output/index.ts'
import { type Session, untilInterrupted } from '../session.ts'

type Options = CommonOptions & PointOptions & TableOption

/** What one of the two commands asks, and how it tells the answer. */
interface Question {
  readonly ask: (
    store: EventStore,
    subject: Subject & { field: string | undefined },
  ) => Promise<readonly (Changed | Blamed)[]>
  readonly member: string
}

const questions = {
  history: { ask: historyOf, member: 'changes' },
  blame: { ask: blame, member: 'fields' },
} as const satisfies Record<string, Question>

export function addHistory(program: Command, session: Session): void {
  const command = addCommand(program, 'history', {
    summary: 'show every change of a field, with who made it and why',
    about:
      'Show every change of a field, oldest first, with the event, the command, who sent it and why. Without a field: all changes.',
    examples: [
      ['indelible history account 576 balance', 'how the balance became what it is'],
      ['indelible history account 576 --recorded-at 2026-01-31', 'all changes up to the end of that day (UTC)'],
      ['indelible history --table account_balances 576 owner', 'of a column of a row'],
    ],
  })
  addQuestion(command, questions.history, session)
}

export function addBlame(program: Command, session: Session): void {
  const command = addCommand(program, 'blame', {
    summary: 'show who set a field to its value, and what it was before',
    about:
      'Show for a field the event that set it to its value, the command, who sent it and why, and what the value was before. Without a field: for all fields.',
    examples: [
      ['indelible blame account 576 balance', 'who made the balance what it is'],
      ['indelible blame account 576 --version 3', 'for all fields, after its third event'],
      ['indelible blame --table account_balances 576', 'for all columns of a row'],
    ],
  })
  addQuestion(command, questions.blame, session)
}

function addQuestion(command: Command, question: Question, session: Session): void {
  command
    .argument('<name>', 'the category of the aggregate, or with --table the name of the read table')
    .argument('<id>', 'the id of the aggregate, or the key of the row')
    .argument('[field]', 'the names on the way to the field, joined by "/": balance, lines/0/amount')
  addTable(addPoints(command))
  addCommonOptions(command).action((name: string, id: string, field?: string) =>
    answer({ name, id, field }, { question, options: command.optsWithGlobals() }, session),
  )
}

async function answer(
  { name, id, field }: { name: string; id: string; field: string | undefined },
  { question, options }: { question: Question; options: Options },
  session: Session,
): Promise<void> {
  const { out, signal } = session
  const asOf = pointOf(options)
  const { system, store: openStore } = await inspectorsOf(options, session)
  const projection = options.table ? projectionOf(system, name) : undefined
  if (projection && asOf && 'version' in asOf)
    throw new CliError('usage', 'A row has no version: give a position or a time.')
  const aggregate = projection ? undefined : aggregateOf(system, name)
  const subject = projection
    ? { projection, key: keyOf(projection, id), asOf: asOf && 'version' in asOf ? undefined : asOf }
    : { aggregate: aggregate!, id, asOf }
  const title = aggregate ? aggregate.stream(id) : `${name} ${id}`
  const store = await untilOpen(openStore(), session)
  try {
    const found = await untilInterrupted(question.ask(store, { ...subject, field }), signal)
    if (found.length === 0) throw nothing(title, field)
    await out.write(
      options.json ? `${jsonLine({ of: title, [question.member]: found })}\n` : story(found, { title, out }),
    )
  } finally {
    await store.close()
  }
}

function nothing(title: string, field: string | undefined): CliError {
  const what = field === undefined ? 'anything' : `"${field}"`
  return new CliError('aggregate_missing', `No event has set ${what} of "${title}" at that point.`)
}

function story(found: readonly (Changed | Blamed)[], { title, out }: { title: string; out: Output }): string {
  const now = Date.now()
  const lines = found.map((each) => {
    const change = 'value' in each ? { ...each, after: each.value } : each
    return `${changeText(out, change)}\n  ${causeText(out, each.cause, now).replaceAll('\n', '\n  ')}\n`
  })
  return `${out.paint(['cyan', 'bold'], escapeControls(title))}\n\n${lines.join('\n')}`
}

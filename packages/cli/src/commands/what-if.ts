// `indelible what-if`: plays the log again with another past, or by other code, and shows what would be different.
import type { Command } from 'commander'
import type { Position } from 'indelible'
import { type OtherDecision, type StateWhatIf, whatIf } from 'indelible/history'
import { forkOf } from 'indelible/memory'
import { CliError } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import {
  addCommonOptions,
  type CommonOptions,
  findConfig,
  inspectorsOf,
  projectionOf,
  several,
  untilOpen,
  wholeNumber,
} from '../options/index.ts'
import {
  changeText,
  escapeControls,
  formatCount,
  jsonLine,
  type Output,
  outcomeText,
  phaseBar,
  rowsText,
} from '../output/index.ts'
import { type Session, untilInterrupted } from '../session.ts'
import { addPast, type PastOptions, pastOf } from './other-past.ts'

interface Options extends CommonOptions, PastOptions {
  readonly decide?: boolean
  readonly code?: string
  readonly from?: Position
  readonly table?: readonly string[]
}

export function addWhatIf(program: Command, session: Session): void {
  const command = addCommand(program, 'what-if', {
    summary: 'show what would be different with another past, or by other code',
    about:
      'Play the log again in memory, with events left out, changed or added, and show what would be different. With --decide, every recorded command is decided again: ' +
      'one may then be refused, and what it caused is left out. Sagas and policies do not start anything new. It writes nothing, and another process may write at the same time.',
    examples: [
      ['indelible what-if --without 4711', 'the states that would be different, all other events as recorded'],
      ['indelible what-if --without 4711 --decide', 'the same, with every later command decided again'],
      ['indelible what-if --instead 15=\'{"amount":5}\' --table account_balances', 'the rows that would be different'],
      ['indelible what-if --decide --code next/indelible.config.ts', 'decisions of the whole log by other code'],
      [
        'indelible what-if --decide --send \'{"after":15,"category":"account","type":"CloseAccount","id":"ann","input":{}}\'',
        'a command that nobody gave',
      ],
    ],
  })
  addPast(command)
    .option('--decide', 'decide the recorded commands again')
    .option('--code <config>', 'another config: its code decides, and fills the tables')
    .option('--from <position>', 'play from here; default: the first change', wholeNumber('--from', 'a position', 1))
    .option('--table <name>', 'compare the rows of a read table; may be repeated', several)
  addCommonOptions(command).action(() => askWhatIf(command.optsWithGlobals(), session))
}

async function askWhatIf(options: Options, session: Session): Promise<void> {
  const { out, errors, signal, cwd } = session
  const { decide = false, code, from, table: tables = [], json = false } = options
  const past = pastOf(options)
  if (!decide && code === undefined && Object.values(past).every((each) => each === undefined))
    throw new CliError(
      'usage',
      'Say what is to be different: --without, --instead, --event, --send, --decide or --code.',
    )
  const { system, store: openStore } = await inspectorsOf(options, session)
  const other = code === undefined ? system : (await findConfig({ cwd, given: code })).system
  const projections = tables.map((name) => ({
    name,
    projection: projectionOf(system, name),
    by: projectionOf(other, name),
  }))
  const store = await untilOpen(openStore(), session)
  const bar = phaseBar(errors)
  try {
    const onProgress = (done: Position, end: Position) => bar.update('Playing again', done, end)
    const played = { fork: forkOf, decide: decide ? other : undefined, from, signal, onProgress }
    const found = await untilInterrupted(whatIf(store, { ...past, ...played }), signal)
    bar.clear()
    const tell = (about: string, told: object, text: () => string) =>
      out.write(json ? `${jsonLine({ about, ...told })}\n` : text())
    for (const each of found.differences) await tell('decision', each, () => decisionText(each, out))
    const streams = found.aggregatesOf(system)
    for (const { aggregate, stream, id } of json ? streams : streams.slice(0, statesShownMax)) {
      const state = await untilInterrupted(found.state(aggregate, { id }), signal)
      if (state.changes.length > 0) await tell('state', { stream, ...state }, () => stateText(stream, state, out))
    }
    for (const { name, projection, by } of projections) {
      const rows = await untilInterrupted(found.rows(projection, { by }), signal)
      const title = out.paint(['cyan', 'bold'], escapeControls(name))
      await tell('table', { name, ...rows }, () => `${title}\n${rowsText(rows, out)}\n`)
    }
    const { decided, differences, forkedAt } = found
    const totals = { forkedAt, decided, different: differences.length, streams: streams.length }
    await tell('totals', totals, () => totalsText(totals))
  } finally {
    bar.clear()
    await store.close()
  }
}

/** The states that are printed for people. With --json there is no limit. */
const statesShownMax = 50

function decisionText({ command, stream, position, isAdded, recorded, now }: OtherDecision, out: Output): string {
  const title = out.paint(['cyan', 'bold'], escapeControls(`${command} to ${stream}`))
  const place = isAdded ? `added after position ${position}` : `at position ${position}`
  const was = recorded ? `  recorded  ${escapeControls(outcomeText(recorded))}\n` : ''
  const would = now.status === 'left out' ? 'left out: what caused it did not happen' : outcomeText(now)
  return `${title} ${place}\n${was}  then      ${escapeControls(would)}\n\n`
}

function stateText(stream: string, { is, wouldBe, changes }: StateWhatIf, out: Output): string {
  const title = out.paint(['cyan', 'bold'], escapeControls(stream))
  const fields = changes.map((each) => `  ${changeText(out, each)}\n`).join('')
  return `${title} at version ${is.version}, then at version ${wouldBe.version}\n${fields}\n`
}

interface Totals {
  readonly forkedAt: Position
  readonly decided: number
  readonly different: number
  readonly streams: number
}

function totalsText({ forkedAt, decided, different, streams }: Totals): string {
  const more = streams > statesShownMax ? ` The first ${statesShownMax} are shown; --json has all.` : ''
  const again = decided === 0 ? '' : ` ${formatCount(decided, 'command')} decided again, ${different} different.`
  return `Played again from position ${forkedAt + 1} on.${again} ${formatCount(streams, 'aggregate')} with other events.${more} Nothing was written.\n`
}

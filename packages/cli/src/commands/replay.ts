// `indelible replay`: makes the decisions of a log again with the code of the config, and says where they come out differently.
import type { Command } from 'commander'
import type { EventStore, Position, System } from 'indelible'
import { type ReplayedDecision, type ReplayVerdict, replayDecisions } from 'indelible/history'
import { CliError } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import { addCommonOptions, type CommonOptions, inspectorsOf, untilOpen, wholeNumber } from '../options/index.ts'
import {
  escapeControls,
  formatCount,
  jsonLine,
  type Output,
  outcomeText,
  phaseBar,
  valueText,
} from '../output/index.ts'
import { interruptedError, type Session } from '../session.ts'

type Options = CommonOptions & { readonly from?: Position; readonly to?: Position }

export function addReplay(program: Command, session: Session): void {
  const command = addCommand(program, 'replay', {
    summary: 'make recorded decisions again, and show what would be different',
    about:
      'Decide every recorded command again, on the state that it saw, with the code of the config. The events must be the same, byte for byte. ' +
      'It changes nothing, and another process may write at the same time. It ends with 6 if a decision is different.',
    examples: [
      ['indelible replay', 'the whole log'],
      ['indelible replay --from 4711 --to 4711', 'the command whose first event is at that position'],
      ['indelible replay --data /backup/data', 'before a deployment: the new code on a copy of the log'],
      ['indelible replay --json | jq \'select(.verdict == "different")\'', 'for a program: decisions, then totals'],
    ],
  })
    .option('--from <position>', 'the first position; default: 1', wholeNumber('--from', 'a position', 1))
    .option('--to <position>', 'the last position; default: the end of the log', wholeNumber('--to', 'a position', 1))
  addCommonOptions(command).action(() => replay(command.optsWithGlobals(), session))
}

async function replay(options: Options, session: Session): Promise<void> {
  const { out, errors, signal } = session
  const { system, store: openStore } = await inspectorsOf(options, session)
  const store = await untilOpen(openStore(), session)
  const bar = phaseBar(errors)
  const totals: Record<ReplayVerdict, number> = { same: 0, different: 0, undeclared: 0, 'not recorded': 0 }
  try {
    for await (const decision of decisions(store, system, { options, update: bar.update })) {
      if (signal.aborted) throw interruptedError()
      totals[decision.verdict]++
      const isTold = decision.verdict === 'different' || decision.verdict === 'undeclared'
      if (options.json) await out.write(`${jsonLine({ about: 'decision', ...decision })}\n`)
      else if (isTold) {
        bar.clear()
        await out.write(decisionText(decision, out))
      }
    }
  } finally {
    bar.clear()
    await store.close()
  }
  await out.write(options.json ? `${jsonLine({ about: 'totals', ...totals })}\n` : totalsText(totals, out))
  const { different, undeclared } = totals
  if (different + undeclared > 0)
    throw new CliError(
      'decisions_differ',
      `${formatCount(different + undeclared, 'decision')} would not be made as recorded.`,
      { details: { different, undeclared } },
    )
}

interface Told {
  readonly options: Options
  readonly update: (label: string, done: number, total: number | undefined) => void
}

async function* decisions(
  store: EventStore,
  system: System,
  { options: { from = 1, to }, update }: Told,
): AsyncGenerator<ReplayedDecision> {
  const last = to ?? (await store.head()).position
  for await (const decision of replayDecisions(store, system, { from, to: last })) {
    update('Deciding again', decision.position - from + 1, last - from + 1)
    yield decision
  }
}

function decisionText(decision: ReplayedDecision, out: Output): string {
  const { verdict, position, recordedAt, stream, command, isOtherCode, difference } = decision
  const title = out.paint(['cyan', 'bold'], escapeControls(`${command} to ${stream}`))
  const head = `${title} at position ${position}, recorded ${recordedAt}`
  if (verdict === 'undeclared' || !difference) return `${head}\n  The config declares no such command any more.\n\n`
  const { input, version, state, facts, recorded, now } = difference
  const lines = [
    ['decided on', `version ${version}, ${valueText(state)}`],
    ...(Object.keys(facts).length === 0 ? [] : [['with facts', valueText(facts)]]),
    ['input', valueText(input)],
    ['recorded', outcomeText(recorded)],
    ['now', outcomeText(now)],
  ]
  const code = isOtherCode ? 'The code is not the text that decided then.' : 'The code has the same text as then.'
  const told = lines.map(([name, text]) => `  ${name!.padEnd(10)}  ${escapeControls(text!)}`)
  return `${[head, ...told, `  ${code}`, ''].join('\n')}\n`
}

function totalsText(totals: Readonly<Record<ReplayVerdict, number>>, out: Output): string {
  const { same, different, undeclared, 'not recorded': unrecorded } = totals
  const isRight = different + undeclared === 0
  const verdict = isRight
    ? out.paint('green', 'Every decision is made again as recorded.')
    : 'Not every decision is made again as recorded.'
  const rest =
    unrecorded === 0 ? '' : ` ${formatCount(unrecorded, 'commit')} had no recorded command, and were left out.`
  return `${verdict} ${formatCount(same, 'decision')} the same, ${different} different, ${undeclared} of commands that are not declared.${rest}\n`
}

// `indelible review`: reads declaration and log, and says what an experienced colleague would ask about.
import type { Command } from 'commander'
import { type EventStore, isIndelibleError } from 'indelible'
import {
  type Finding,
  type LogUse,
  type Review,
  reviewedEventsDefault,
  reviewOf,
  reviewRules,
  useOf,
} from 'indelible/review'
import { describeSystem } from 'indelible/schema'
import { CliError } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import { addCommonOptions, type CommonOptions, inspectorsOf, untilOpen, wholeNumber } from '../options/index.ts'
import { escapeControls, formatCount, jsonLine, type Output, phaseBar } from '../output/index.ts'
import type { Session } from '../session.ts'

type Options = CommonOptions & { readonly log: boolean; readonly events: number }

export function addReview(program: Command, session: Session): void {
  const command = addCommand(program, 'review', {
    summary: 'ask what an experienced colleague would ask about the design',
    about:
      'Read the declarations of the config and the newest events of the log, and tell what looks wrong in the design, why it matters and what to do. ' +
      'Findings that you want to live with are accepted in the config with a reason: review: { accepted: [{ rule, subject, reason }] }. ' +
      'It ends with 7 if a finding is not accepted.',
    examples: [
      ['indelible review', 'the declarations, and how the log is used'],
      ['indelible review --no-log', 'the declarations alone, for a build'],
      ['indelible review --json | jq .rule', 'for a program: a line for each finding'],
    ],
  })
    .option('--no-log', 'review the declarations alone')
    .option(
      '--events <number>',
      `how many of the newest events to read; default: ${reviewedEventsDefault}`,
      wholeNumber('--events', 'a number of events', 1),
      reviewedEventsDefault,
    )
  addCommonOptions(command).action(() => review(command.optsWithGlobals(), session))
}

async function review(options: Options, session: Session): Promise<void> {
  const { out } = session
  const { system, review: accepting, store } = await inspectorsOf(options, session)
  const use = options.log ? await usedAsIn(store, options, session) : undefined
  const { findings, accepted } = reviewOf(describeSystem(system), { use, accepted: accepting.accepted })
  await out.write(options.json ? jsonOf({ findings, accepted }) : textOf({ findings, accepted }, use, out))
  if (findings.length > 0)
    throw new CliError(
      'review_findings',
      `${formatCount(findings.length, 'finding')} that the config does not accept.`,
      {
        details: { findings: findings.length, accepted: accepted.length },
      },
    )
}

/** Nothing where there is no log yet. */
async function usedAsIn(
  openStore: () => Promise<EventStore>,
  { events }: Options,
  session: Session,
): Promise<LogUse | undefined> {
  const { errors, signal } = session
  const bar = phaseBar(errors)
  const store = await untilOpen(openStore(), session).catch((error) => {
    if (isIndelibleError(error, 'store_missing')) return undefined
    throw error
  })
  if (!store) return undefined
  const progress = (done: number, total: number) => bar.update('Reading the log', done, total)
  try {
    return await useOf(store, { events, signal, progress })
  } finally {
    bar.clear()
    await store.close()
  }
}

function jsonOf({ findings, accepted }: Review): string {
  const lines = [
    ...findings.map((each) => ({ about: 'finding', ...each, ...reviewRules[each.rule] })),
    ...accepted.map((each) => ({ about: 'accepted', ...each })),
  ]
  return lines.map((each) => `${jsonLine(each)}\n`).join('')
}

function textOf({ findings, accepted }: Review, use: LogUse | undefined, out: Output): string {
  const groups = [...Map.groupBy(findings, ({ rule }) => rule)]
  const told = groups.map(([rule, its]) => {
    const { why, todo } = reviewRules[rule]
    return [
      out.paint(['cyan', 'bold'], rule),
      ...its.flatMap(linesOf),
      `  Why: ${why}`,
      `  What to do: ${todo}`,
      '',
    ].join('\n')
  })
  const read = use
    ? `The declarations and ${formatCount(use.to - use.from + 1, 'event')} of the log were read.`
    : 'The declarations were read, and no log.'
  const accepting = accepted.length === 0 ? '' : ` ${formatCount(accepted.length, 'finding')} accepted by the config.`
  const verdict = findings.length === 0 ? out.paint('green', 'Nothing to ask about. ') : ''
  return `${[...told, `${verdict}${read}${accepting}`].join('\n')}\n`
}

function linesOf({ subject, message, evidence }: Finding): readonly string[] {
  const proof = evidence === null ? [] : [`    ${escapeControls(evidence)}`]
  return [`  ${escapeControls(subject)}: ${escapeControls(message)}`, ...proof]
}

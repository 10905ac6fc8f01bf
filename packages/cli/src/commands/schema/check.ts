// `indelible schema check`: whether the code of the config can read what a log has, or what a committed file says; and with --replay, each event of the log.
import { type Command, Option } from 'commander'
import { type EventStore, isIndelibleError } from 'indelible'
import {
  type CompatibilityMode,
  type ContractFinding,
  compatibilityModes,
  describeSystem,
  isCurrentFile,
  isRefusing,
  judgeContracts,
  type ReplayedEvents,
  replayEvents,
  unusedAcceptances,
} from 'indelible/schema'
import { CliError } from '../../errors/index.ts'
import { addCommand } from '../../help.ts'
import { addCommonOptions, type CommonOptions, inspectorsOf, untilOpen } from '../../options/index.ts'
import { formatCount, jsonLine, phaseBar } from '../../output/index.ts'
import { findingText, knownContracts, replayedText, totalsText } from '../../schemas/index.ts'
import { interruptedError, type Session } from '../../session.ts'

interface Options extends CommonOptions {
  readonly against?: string
  readonly mode?: CompatibilityMode
  readonly replay?: boolean
}

export function addCheck(group: Command, session: Session): void {
  const command = addCommand(group, 'check', {
    summary: 'check whether the code can read what was recorded',
    about:
      'Compare the event types of the code with the registry of the log, or with a committed file. It refuses a change that breaks, and ' +
      'what it cannot tell, unless the config accepts it with a reason (schemas: { accepted }). It ends with 7 then. It changes nothing. ' +
      'backward: new code reads old events. forward: old code reads new events. full: both.',
    examples: [
      ['indelible schema check', 'before a deployment, with the new code'],
      [
        'indelible schema check --data /backup/data --config indelible.config.ts --replay',
        'every event of a copy of the log, too',
      ],
      ['indelible schema check --against indelible.schema.json --mode full', 'in CI, without a log'],
    ],
  })
    .option('--against <file>', 'compare with this file of schema write, and not with the log')
    .addOption(
      new Option('--mode <mode>', 'what must be possible; default: from the config, else backward').choices(
        compatibilityModes,
      ),
    )
    .option('--replay', 'also run every event of the log through the upcasts and the schema of its type')
  addCommonOptions(command).action(() => check(command.optsWithGlobals(), session))
}

async function check(options: Options, session: Session): Promise<void> {
  const { against, replay, json } = options
  const { out } = session
  const config = await inspectorsOf(options, session)
  const { system, schemas } = config
  const { mode = schemas.mode ?? 'backward' } = options
  const { accepted = [] } = schemas
  const needsLog = against === undefined || replay
  const store = needsLog ? await openedLog(config.store, options, session) : undefined
  const print = (about: string, value: object, text: string) =>
    out.write(json ? `${jsonLine({ about, ...value })}\n` : text)
  try {
    const { known, text } = await knownContracts({ file: against, store }, session)
    const described = describeSystem(system)
    const findings = judgeContracts({ known, declared: described.events, mode, accepted })
    for (const finding of findings) await print('finding', finding, findingText(finding, out))
    for (const each of unusedAcceptances(findings, accepted))
      await print(
        'acceptance',
        each,
        `warning: no finding is ${each.rule} of ${each.type} any more. Remove the acceptance from the config.\n`,
      )
    const isCurrent = text === undefined || isCurrentFile(text, described)
    if (!isCurrent)
      await print(
        'file',
        { file: against },
        `warning: ${against} differs from the code. Write it again: indelible schema write ${against}\n`,
      )
    const compared = against ?? (store ? 'the log' : 'nothing, because there is no log yet')
    const refusing = findings.filter(isRefusing).length
    await print(
      'totals',
      { mode, compared: against ?? 'log', findings: findings.length, refusing, isCurrent },
      totalsText(findings, { mode, compared }),
    )
    const replayed = replay && store ? await replayedLog(store, system, session) : undefined
    if (replayed) await print('replay', replayed, replayedText(replayed, out))
    refuse(findings, replayed)
  } finally {
    await store?.close()
  }
}

function refuse(findings: readonly ContractFinding[], replayed: ReplayedEvents | undefined): void {
  const refusing = findings.filter(isRefusing).length
  const failures = replayed?.failures ?? 0
  if (refusing + failures === 0) return
  const parts = [
    ...(refusing > 0 ? [`The code does not fit what was recorded: ${formatCount(refusing, 'problem')}.`] : []),
    ...(failures > 0 ? [`${formatCount(failures, 'event')} of the log cannot be read as the code declares them.`] : []),
  ]
  throw new CliError('schemas_incompatible', parts.join(' '), { details: { problems: refusing, failures } })
}

async function replayedLog(
  store: EventStore,
  system: Parameters<typeof replayEvents>[1],
  { errors, signal }: Session,
): Promise<ReplayedEvents> {
  const bar = phaseBar(errors)
  try {
    return await replayEvents(store, system, {
      signal,
      onProgress: (done, total) => bar.update('Replaying', done, total),
    })
  } catch (error) {
    throw signal.aborted ? interruptedError() : error
  } finally {
    bar.clear()
  }
}

/** A new system has no log yet. A log that was named must be there. */
async function openedLog(
  open: () => Promise<EventStore>,
  { data }: Options,
  session: Session,
): Promise<EventStore | undefined> {
  return await untilOpen(open(), session).catch((error) => {
    if (isIndelibleError(error, 'store_missing') && data === undefined) return undefined
    throw error
  })
}

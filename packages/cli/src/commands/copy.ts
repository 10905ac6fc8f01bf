// `indelible copy`: copies a log to another place while it is written, and moves it there.
import type { Command } from 'commander'
import { isIndelibleError } from 'indelible'
import { type CopyProgress, type CopySummary, copyLog, moveKeys, moveRecords } from 'indelible/moving'
import { type LogName, type Place, placeAt } from '../copies/index.ts'
import { CliError } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import { formatCount, formatNumber, formatSeconds, jsonLine, type Output, phaseBar } from '../output/index.ts'
import { interruptedError, type Session } from '../session.ts'

interface Options extends LogName {
  readonly from?: string
  readonly to: string
  readonly switch?: boolean
  readonly detach?: boolean
  readonly keys: boolean
  readonly json?: boolean
}

export function addCopy(program: Command, session: Session): void {
  addCommand(program, 'copy', {
    summary: 'copy a log to another store, or move it there',
    about:
      'Copy a log byte for byte: events, ids, positions, times, command ids. A system may write it meanwhile. The copy is compared with the log event by event. ' +
      'Run it again to bring the copy up to date, also after it was stopped or killed. Until it is switched, the copy can only be read. ' +
      'With --switch it waits until the system that writes a directory has ended, and ends writing to a server by itself; then the old log is closed for writing for good, ' +
      'the rest is copied with what consumers keep, and the copy takes its place. At no moment can both be written.',
    examples: [
      ['indelible copy --from ./data --to postgres://app@db/bank', 'while the system runs; again for what is new'],
      [
        'indelible copy --from ./data --to postgres://app@db/bank --switch',
        'then stop the system, and start it with the new config',
      ],
      ['indelible copy --from postgres://app@db/bank --to ./data --switch', 'and back'],
      ['indelible copy --from ./data --to /mnt/data --switch', 'from one directory to another'],
      [
        'indelible copy --to postgres://app@db/bank --detach',
        'when ./data is lost: what was copied goes on as a log of its own',
      ],
      ['PGPASSWORD=… indelible copy --from ./data --to postgres://app@db/bank', 'a password in no list of processes'],
    ],
  })
    .option('--from <place>', 'a directory that contains log/, or postgres://user@host/database')
    .requiredOption('--to <place>', 'the same: a new place, or one that was copied to before')
    .option('--switch', 'let the copy take the place of the log')
    .option('--detach', 'without --from: let --to be written although the other log may be too, for when that is lost')
    .option('--schema <name>', 'of a Postgres server (default: indelible)')
    .option('--log <name>', 'the name of the log in that schema (default: main)')
    .option('--no-keys', 'leave the keys that sign checkpoints where they are')
    .option('--json', 'print JSON; errors too, on stderr')
    .action((options: Options) => copy(options, session))
}

async function copy(options: Options, session: Session): Promise<void> {
  const { from, to, schema, log, keys, json, detach, switch: switches = false } = options
  const name = { ...(schema === undefined ? {} : { schema }), ...(log === undefined ? {} : { log }) }
  const target = await placeAt(to, name, session)
  if (detach !== (from === undefined ? true : undefined))
    throw new CliError('usage', 'Give --from, the log to copy; or --detach without it.')
  if (from === undefined) return await detached(target, options, session)
  const source = await placeAt(from, name, session)
  if (source.shown === target.shown) throw new CliError('usage', '--from and --to are the same place.')
  const startMs = performance.now()
  const bar = phaseBar(session.errors)
  let rest: Rest | undefined
  const opened = await source.source()
  try {
    const summary = await copyLog({
      source: opened,
      openTarget: target.openTarget,
      switches,
      signal: session.signal,
      onProgress: ({ phase, position, head }) =>
        bar.update(labels[phase], position, phase === 'waiting' ? undefined : head),
      async moveRest() {
        rest = await movedRest({ source, target }, { keys })
      },
    }).catch((error) => {
      throw isIndelibleError(error, 'aborted') ? interruptedError() : error
    })
    bar.clear()
    const ms = Math.round(performance.now() - startMs)
    await session.out.write(
      json
        ? `${jsonLine({ ...summary, root: rootText(summary), ...rest, ms })}\n`
        : report(summary, { target, rest, ms, out: session.out }),
    )
  } finally {
    bar.clear()
    await opened.close()
  }
}

/** Finishes a copy without its log. */
async function detached(place: Place, { json }: Options, { out }: Session): Promise<void> {
  const log = await place.source()
  const logId = (await log.historyAt(0))!
  await log.close()
  const target = await place.openTarget(logId)
  try {
    const { position: head } = await target.head()
    await target.finish()
    await out.write(
      json
        ? `${jsonLine({ head, isDetached: true })}\n`
        : `${place.shown} is a log of its own now, with ${formatCount(head, 'event')}. Never write the other log again.\n`,
    )
  } finally {
    await target.close()
  }
}

const labels: Readonly<Record<CopyProgress['phase'], string>> = {
  copying: 'Copying',
  checking: 'Comparing',
  waiting: 'All is copied. Waiting until the system that writes the log has ended',
}

interface Rest {
  /** The names of the consumers whose records were moved. */
  readonly consumers: readonly string[]
  readonly keys: 'moved' | 'missing' | 'there' | 'left'
}

async function movedRest(
  { source, target }: { readonly source: Place; readonly target: Place },
  { keys }: Pick<Options, 'keys'>,
): Promise<Rest> {
  const [from, to] = [await source.beside(), await target.beside()]
  try {
    return {
      consumers: await moveRecords(from.records, to.records),
      keys: keys ? await moveKeys(from.proofFiles, to.proofFiles) : 'left',
    }
  } finally {
    await from.close()
    await to.close()
  }
}

/** As in a checkpoint. */
function rootText({ root }: CopySummary): string {
  return Buffer.from(root).toString('base64')
}

const keysText: Readonly<Record<Rest['keys'], string>> = {
  moved: 'The keys that sign checkpoints were copied too. Remove them from the old place when the new one runs.',
  missing: '',
  there: 'The new place has keys that sign checkpoints already. They stay; those of the old place were not copied.',
  left: 'The keys that sign checkpoints were left where they are. Without them the new place makes its own, which nobody trusts yet.',
}

function report(
  summary: CopySummary,
  { target, rest, ms, out }: { target: Place; rest: Rest | undefined; ms: number; out: Output },
): string {
  const { head, copied, isSwitched } = summary
  const lines = [
    isSwitched
      ? `${out.paint('green', 'The log was moved.')} The old one is closed for writing. Open the new one: change "open" in the config, and start the system.`
      : `${out.paint('green', 'The copy is complete')} up to position ${head}, and the same as the log. It can only be read until it is switched: add --switch.`,
    '',
    `  ${target.shown}`,
    `  ${copied === 0 ? 'nothing new' : `${formatCount(copied, 'event')} copied`} in ${formatSeconds(ms)}, ${formatNumber(head)} compared`,
    `  Merkle root of both, up to position ${head}: ${rootText(summary)}`,
    ...(rest ? [`  ${formatCount(rest.consumers.length, 'consumer')} moved, with what is parked or paused`] : []),
    ...(rest && keysText[rest.keys] !== '' ? [`  ${keysText[rest.keys]}`] : []),
    ...(isSwitched
      ? [
          '  Read tables, snapshots and the files of the Merkle tree are made from the log: the system makes again what it does not find.',
        ]
      : []),
    '',
  ]
  return lines.join('\n')
}

// `indelible diff`: what differs between two points of history, in an aggregate or a read table.
import type { Command } from 'commander'
import { type AsOf, diffRows, diffStates, type PointOfLog, type StateDiff, textOfPoint } from 'indelible/history'
import { CliError } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import {
  addCommonOptions,
  addTable,
  aggregateOf,
  type CommonOptions,
  inspectorsOf,
  point,
  projectionOf,
  type TableOption,
  untilOpen,
} from '../options/index.ts'
import { causeText, changeText, escapeControls, formatCount, jsonLine, type Output, rowsText } from '../output/index.ts'
import { type Session, untilInterrupted } from '../session.ts'

interface Options extends CommonOptions, TableOption {
  readonly from?: AsOf
  readonly to?: AsOf
}

export function addDiff(program: Command, session: Session): void {
  const command = addCommand(program, 'diff', {
    summary: 'show what differs between two points of history',
    about:
      'Show what differs between two points of history, and the events between them. A point is version:3, position:120, recorded:2026-01-31 or valid:2026-01-31, or what was known at one time about another: recorded:2026-02-15,valid:2026-01-31.',
    examples: [
      ['indelible diff account 576 --from version:3', 'what has changed since its third event'],
      ['indelible diff account 5 --from recorded:2026-01-31 --to recorded:2026-02-28', 'what February has changed'],
      [
        'indelible diff account 5 --from recorded:2026-02-01,valid:2026-01-31',
        'against what was known in February about the end of January',
      ],
      ['indelible diff --table account_balances --from position:1000', 'the rows that have changed since then'],
    ],
  })
    .argument('<name>', 'the category of the aggregate, or with --table the name of the read table')
    .argument('[id]', 'the id of the aggregate')
    .requiredOption('--from <point>', 'the first point', point('--from'))
    .option('--to <point>', 'the second point; now when left out', point('--to'))
  addTable(command)
  addCommonOptions(command).action((name: string, id?: string) =>
    diff({ name, id }, command.optsWithGlobals(), session),
  )
}

async function diff(
  { name, id }: { name: string; id: string | undefined },
  options: Options,
  session: Session,
): Promise<void> {
  const { out, signal } = session
  const { table = false, json, from, to } = options
  if (table === (id !== undefined)) {
    throw new CliError(
      'usage',
      table ? 'The rows of a whole read table are compared: give no key.' : 'Give the id of the aggregate.',
    )
  }
  const { system, store: openStore } = await inspectorsOf(options, session)
  const store = await untilOpen(openStore(), session)
  try {
    if (id === undefined) {
      const points = { from: ofLog(from!), to: to && ofLog(to) }
      const found = await untilInterrupted(diffRows(store, projectionOf(system, name), points), signal)
      return await out.write(json ? `${jsonLine(found)}\n` : rowsText(found, out))
    }
    const aggregate = aggregateOf(system, name)
    const found = await untilInterrupted(diffStates(store, aggregate, { id, from: from!, to }), signal)
    const stream = aggregate.stream(id)
    if (found.from.version === 0 && found.to.version === 0) {
      throw new CliError('aggregate_missing', `"${stream}" has no event at these points.`, { details: { stream } })
    }
    await out.write(json ? `${jsonLine({ stream, ...found })}\n` : stateText(found, { stream, out, from: from!, to }))
  } finally {
    await store.close()
  }
}

function ofLog(point: AsOf): PointOfLog {
  if (!('version' in point)) return point
  throw new CliError('usage', 'A read table has no versions: give a position or a time.')
}

function stateText(
  { from: before, to: after, changes, events }: StateDiff,
  { stream, out, from, to }: { stream: string; out: Output; from: AsOf; to: AsOf | undefined },
): string {
  const title = out.paint(['cyan', 'bold'], escapeControls(stream))
  const head = `${title} from version ${before.version} (${textOfPoint(from)}) to version ${after.version} (${to ? textOfPoint(to) : 'now'})\n`
  const fields =
    changes.length === 0 ? 'Nothing differs.\n' : changes.map((each) => `  ${changeText(out, each)}\n`).join('')
  const now = Date.now()
  const told = events.map((each) => `${each.isIn === 'to' ? '+' : '-'} ${causeText(out, each, now)}\n`)
  return `${head}\n${fields}${told.length === 0 ? '' : `\n${formatCount(told.length, 'event')} between them:\n\n${told.join('\n')}`}`
}

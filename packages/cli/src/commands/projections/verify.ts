// `indelible projections verify`: compares a read table with what the log makes.
import { isDeepStrictEqual } from 'node:util'
import type { Command } from 'commander'
import type { Row, TableCheck, TableDifference } from 'indelible'
import { CliError } from '../../errors/index.ts'
import { addCommand } from '../../help.ts'
import { formatCount, formatNumber, jsonLine, type Output, phaseBar, table, truncate } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { addClientOptions, type ClientOptions, nameArgument, withProjectionClient } from './client-options.ts'

export function addVerify(group: Command, session: Session): void {
  const command = addCommand(group, 'verify', {
    summary: 'compare a table with what the log makes',
    about:
      'Fold the log from its first event on and compare every row with the table. Changes nothing; the projection goes on ' +
      'meanwhile. Ends with 6 where rows differ.',
    examples: [
      ['indelible projections verify account_balances', 'straight from log and database'],
      ['indelible projections verify account_balances --url http://127.0.0.1:3000', 'let a server do it'],
      ['indelible projections verify account_balances --json || echo "exit code $?"', 'in a script'],
    ],
  }).argument(...nameArgument)
  addClientOptions(command).action((name: string) => verify(name, command.optsWithGlobals(), session))
}

async function verify(name: string, options: ClientOptions, session: Session): Promise<void> {
  const { out, errors } = session
  const bar = phaseBar(errors)
  const progress = (done: number, total: number) => bar.update('Comparing with the log', done, total)
  const check = await withProjectionClient(options, session, (client) => client.verify(name, progress)).finally(
    bar.clear,
  )
  await out.write(options.json ? `${jsonLine(check)}\n` : format(check, out))
  if (check.differing === 0) return
  const message = `${formatCount(check.differing, 'row')} of ${name} differ${check.differing === 1 ? 's' : ''} from what the log makes.`
  throw new CliError('table_differs', `${message} Build the table anew: indelible projections rebuild ${name}`, {
    details: { name, differing: check.differing },
  })
}

function format({ name, rows, position, differing, differences }: TableCheck, out: Output): string {
  const compared = `${formatCount(rows, 'row')} at position ${formatNumber(position)}`
  if (differing === 0) return `${out.paint('green', `The table ${name} is what the log makes:`)} ${compared}.\n`
  const first =
    differing > differences.length ? `The first ${differences.length} of ${formatNumber(differing)}` : 'These'
  return [
    `${out.paint('red', `The table ${name} is not what the log makes:`)} ${compared}. ${first} differ:`,
    ...differences.flatMap((difference) => ['', ...differenceLines(difference, out)]),
    '',
  ].join('\n')
}

function differenceLines({ key, table: there, log }: TableDifference, out: Output): readonly string[] {
  const title = Object.entries(key)
    .map(([column, value]) => `${column} ${jsonLine(value)}`)
    .join(', ')
  const what = there === null ? ': the table has no such row' : log === null ? ': the log makes no such row' : ''
  const rows = columnsThatDiffer(key, there, log).map((column) => [
    column,
    there ? jsonLine(there[column]) : '-',
    log ? jsonLine(log[column]) : '-',
  ])
  const lines = rows.length === 0 ? [] : table([['', 'table has', 'log makes'], ...rows], () => false)
  return [`${out.paint('bold', title)}${what}`, ...lines].map((line) => truncate(line, out.columns))
}

/** Databases keep the members of a JSON value in an order of their own, so values are compared and not their texts. */
function columnsThatDiffer(key: Row, there: Row | null, log: Row | null): readonly string[] {
  return Object.keys(there ?? log ?? {}).filter(
    (column) => !Object.hasOwn(key, column) && !isDeepStrictEqual(there?.[column], log?.[column]),
  )
}

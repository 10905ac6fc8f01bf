// `indelible projections verify`: compares a read table with the rows that the projection makes from the log.

import { isDeepStrictEqual } from 'node:util'
import type { Command } from 'commander'
import type { Row, TableCheck, TableDifference } from 'indelible'
import { CliError } from '../../errors/index.ts'
import { addCommand } from '../../help.ts'
import { addClientOptions, type ClientOptions } from '../../options/index.ts'
import { formatCount, formatNumber, jsonLine, type Output, phaseBar, table, truncate } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { nameArgument, withProjectionClient } from './client-options.ts'

export function addVerify(group: Command, session: Session): void {
  const command = addCommand(group, 'verify', {
    summary: 'compare a table with the log',
    about:
      'Fold the log from its first event and compare every row with the table. It changes nothing, and the projection continues. ' +
      'It ends with 6 if rows differ.',
    examples: [
      ['indelible projections verify account_balances', 'directly from log and database'],
      ['indelible projections verify account_balances --url http://127.0.0.1:3000', 'on a running server'],
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
  const message = `${formatCount(check.differing, 'row')} of ${name} differ${check.differing === 1 ? 's' : ''} from the log.`
  throw new CliError('table_differs', `${message} Rebuild the table: indelible projections rebuild ${name}`, {
    details: { name, differing: check.differing },
  })
}

function format({ name, rows, position, differing, differences }: TableCheck, out: Output): string {
  const compared = `${formatCount(rows, 'row')} at position ${formatNumber(position)}`
  if (differing === 0) return `${out.paint('green', `The table ${name} matches the log:`)} ${compared}.\n`
  const first =
    differing > differences.length ? `The first ${differences.length} of ${formatNumber(differing)}` : 'These'
  return [
    `${out.paint('red', `The table ${name} does not match the log:`)} ${compared}. ${first} differ:`,
    ...differences.flatMap((difference) => ['', ...differenceLines(difference, out)]),
    '',
  ].join('\n')
}

function differenceLines({ key, table: there, log }: TableDifference, out: Output): readonly string[] {
  const title = Object.entries(key)
    .map(([column, value]) => `${column} ${jsonLine(value)}`)
    .join(', ')
  const what = there === null ? ': missing in the table' : log === null ? ': the log does not produce this row' : ''
  const rows = columnsThatDiffer(key, there, log).map((column) => [
    column,
    there ? jsonLine(there[column]) : '-',
    log ? jsonLine(log[column]) : '-',
  ])
  const lines = rows.length === 0 ? [] : table([['', 'in the table', 'from the log'], ...rows], () => false)
  return [`${out.paint('bold', title)}${what}`, ...lines].map((line) => truncate(line, out.columns))
}

/** A database may change the order of the members of a JSON value, so this compares values, not texts. */
function columnsThatDiffer(key: Row, there: Row | null, log: Row | null): readonly string[] {
  return Object.keys(there ?? log ?? {}).filter(
    (column) => !Object.hasOwn(key, column) && !isDeepStrictEqual(there?.[column], log?.[column]),
  )
}

// `indelible projections past`: keeps a read table as of a point of history beside the live one.
import type { Command } from 'commander'
import type { PointOfLog } from 'indelible/history'
import { CliError } from '../../errors/index.ts'
import { addCommand } from '../../help.ts'
import { addClientOptions, addPoints, type ClientOptions, type PointOptions, pointOf } from '../../options/index.ts'
import { formatCount, formatNumber, jsonLine } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { nameArgument, withProjectionClient } from './client-options.ts'

interface Options extends ClientOptions, PointOptions {
  readonly drop?: boolean
}

export function addPast(group: Command, session: Session): void {
  const command = addCommand(group, 'past', {
    summary: 'keep a table as of a point of history beside the live one',
    about:
      'Fold a read table as of a point of history, and write it into <name>__past in place of what is there. The live table stays as it is, and SQL can compare both.',
    examples: [
      ['indelible projections past account_balances --recorded-at 2026-01-31', 'as it was known at the end of January'],
      [
        'indelible projections past account_balances --position 4711 --url http://127.0.0.1:3000',
        'on a running server',
      ],
      ['indelible projections past account_balances --drop', 'drop it when it is no longer needed'],
    ],
  }).argument(...nameArgument)
  addPoints(command).option('--drop', 'drop the table of the past')
  addClientOptions(command).action((name: string) => past(name, command.optsWithGlobals(), session))
}

async function past(name: string, options: Options, session: Session): Promise<void> {
  const { out } = session
  const { drop = false, json = false } = options
  const asOf = pointOf(options)
  if (asOf && 'version' in asOf) throw new CliError('usage', 'A read table has no versions: give a position or a time.')
  if (drop) {
    await withProjectionClient(options, session, (client) => client.dropPast(name))
    return await out.write(
      json ? `${jsonLine({ name, dropped: true })}\n` : `The table of the past of ${name} is dropped.\n`,
    )
  }
  const kept = await withProjectionClient(options, session, (client) =>
    client.keepPast(name, asOf as PointOfLog | undefined),
  )
  const { table, rows, position } = kept
  const told = `${out.paint('green', `The table ${table} was written:`)} ${formatCount(rows, 'row')}, with everything known at position ${formatNumber(position)}.\n`
  await out.write(json ? `${jsonLine({ name, ...kept })}\n` : told)
}

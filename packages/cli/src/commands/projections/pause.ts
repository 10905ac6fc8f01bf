// `indelible projections pause` and `resume`: stop a projection, and continue it at the same position.

import type { Command } from 'commander'
import { addCommand } from '../../help.ts'
import { addClientOptions, type ClientOptions } from '../../options/index.ts'
import { jsonLine } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { nameArgument, withProjectionClient } from './client-options.ts'

export function addPause(group: Command, session: Session): void {
  const command = addCommand(group, 'pause', {
    summary: 'pause a projection',
    about:
      'Pause a projection, in any process that runs it, until it is resumed. It stays paused after a restart. ' +
      'Its table can still be read.',
    examples: [
      ['indelible projections pause account_balances', 'through the database'],
      ['indelible projections pause account_balances --url http://127.0.0.1:3000', 'through a running server'],
    ],
  }).argument(...nameArgument)
  addClientOptions(command).action((name: string) => setPaused(name, true, command.optsWithGlobals(), session))
}

export function addResume(group: Command, session: Session): void {
  const command = addCommand(group, 'resume', {
    summary: 'resume a projection that is paused or parked',
    about:
      'Resume a projection that is paused or parked, at its position. A parked projection tries the same event again: first fix ' +
      'the code and restart the process.',
    examples: [
      ['indelible projections resume account_balances', 'through the database'],
      ['indelible projections resume account_balances --url http://127.0.0.1:3000', 'through a running server'],
    ],
  }).argument(...nameArgument)
  addClientOptions(command).action((name: string) => setPaused(name, false, command.optsWithGlobals(), session))
}

async function setPaused(name: string, isPaused: boolean, options: ClientOptions, session: Session): Promise<void> {
  await withProjectionClient(options, session, (client) => client.setPaused(name, isPaused))
  const done = isPaused
    ? `${name} is paused: the process that runs it stops within about a second. To resume it: indelible projections resume ${name}`
    : `${name} is resumed: the process that runs it continues within about a second.`
  await session.out.write(options.json ? `${jsonLine({ name, isPaused })}\n` : `${done}\n`)
}

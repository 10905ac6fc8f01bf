// `indelible projections pause` and `resume`: let a projection stand still, and go on where it stands.
import type { Command } from 'commander'
import { addCommand } from '../../help.ts'
import { jsonLine } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { addClientOptions, type ClientOptions, nameArgument, withProjectionClient } from './client-options.ts'

export function addPause(group: Command, session: Session): void {
  const command = addCommand(group, 'pause', {
    summary: 'let a projection stand still',
    about:
      'Let a projection stand still, in whichever process it runs, until it is resumed, also over restarts. ' +
      'Its table can be read as it is.',
    examples: [
      ['indelible projections pause account_balances', 'through the database'],
      ['indelible projections pause account_balances --url http://127.0.0.1:3000', 'through a server that runs'],
    ],
  }).argument(...nameArgument)
  addClientOptions(command).action((name: string) => setPaused(name, true, command.optsWithGlobals(), session))
}

export function addResume(group: Command, session: Session): void {
  const command = addCommand(group, 'resume', {
    summary: 'let one that is paused or parked go on',
    about:
      'Let a projection that is paused or parked go on where it stands. One that was parked tries the same event again: mend ' +
      'the code first and start it anew.',
    examples: [
      ['indelible projections resume account_balances', 'through the database'],
      ['indelible projections resume account_balances --url http://127.0.0.1:3000', 'through a server that runs'],
    ],
  }).argument(...nameArgument)
  addClientOptions(command).action((name: string) => setPaused(name, false, command.optsWithGlobals(), session))
}

async function setPaused(name: string, isPaused: boolean, options: ClientOptions, session: Session): Promise<void> {
  await withProjectionClient(options, session, (client) => client.setPaused(name, isPaused))
  const done = isPaused
    ? `${name} is paused: whoever runs it stops within a second or so. "indelible projections resume ${name}" lets it go on.`
    : `${name} goes on: whoever runs it takes it up within a second or so.`
  await session.out.write(options.json ? `${jsonLine({ name, isPaused })}\n` : `${done}\n`)
}

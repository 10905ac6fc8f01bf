// `indelible projections`: list projections, rebuild and verify their tables, pause and resume them.
import type { Command } from 'commander'
import { addCommand } from '../../help.ts'
import { addCommonOptions } from '../../options/index.ts'
import type { Session } from '../../session.ts'
import { addList } from './list.ts'
import { addPast } from './past.ts'
import { addPause, addResume } from './pause.ts'
import { addRebuild } from './rebuild.ts'
import { addShow } from './show.ts'
import { addVerify } from './verify.ts'

export function addProjections(program: Command, session: Session): void {
  const group = addCommand(program, 'projections', {
    summary: 'list projections, rebuild and verify their tables, keep one of the past',
    about:
      'List projections, rebuild and verify their read tables, pause and resume them. ' +
      'The command opens the log and the database itself, with openTables of the config. With --url it asks a running server instead. ' +
      'That is necessary while the server has embedded tables open.',
    examples: [
      ['indelible projections list', 'the state of all projections'],
      ['indelible projections show account_balances', 'one projection, and why it is parked'],
      ['indelible projections rebuild account_balances', 'build its table again'],
      ['indelible projections list --url http://127.0.0.1:3000', 'ask a running server'],
    ],
  }).helpCommand(false)
  addCommonOptions(group)
  for (const add of [addList, addShow, addRebuild, addVerify, addPast, addPause, addResume]) add(group, session)
}

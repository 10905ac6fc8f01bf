// `indelible projections`: look at projections, build their tables anew, check them, let them stand still and go on.
import type { Command } from 'commander'
import { addCommand } from '../help.ts'
import { addCommonOptions } from '../options/index.ts'
import type { Session } from '../session.ts'
import { addList } from './projections/list.ts'
import { addPause, addResume } from './projections/pause.ts'
import { addRebuild } from './projections/rebuild.ts'
import { addShow } from './projections/show.ts'
import { addVerify } from './projections/verify.ts'

export function addProjections(program: Command, session: Session): void {
  const group = addCommand(program, 'projections', {
    summary: 'look at projections, rebuild and verify tables',
    about:
      'Look at projections and their read tables, build a table anew, check one, pause and resume. ' +
      'Straight to log and database, which the config opens with openTables; or with --url through a server that runs, ' +
      'which is the way where it holds embedded tables.',
    examples: [
      ['indelible projections list', 'how far every projection is'],
      ['indelible projections show account_balances', 'one of them, and why it is parked'],
      ['indelible projections rebuild account_balances', 'build its table anew'],
      ['indelible projections list --url http://127.0.0.1:3000', 'ask a server that runs'],
    ],
  }).helpCommand(false)
  addCommonOptions(group)
  for (const add of [addList, addShow, addRebuild, addVerify, addPause, addResume]) add(group, session)
}

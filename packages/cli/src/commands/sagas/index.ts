// `indelible sagas`: see where sagas are and what happened to them, decide about them, draw and check them.
import type { Command } from 'commander'
import { addCommand } from '../../help.ts'
import { addCommonOptions } from '../../options/index.ts'
import type { Session } from '../../session.ts'
import { addCancel } from './cancel.ts'
import { addCheck } from './check.ts'
import { addDecide } from './decide.ts'
import { addGraph } from './graph.ts'
import { addList } from './list.ts'
import { addResume } from './resume.ts'
import { addShow } from './show.ts'

export function addSagas(program: Command, session: Session): void {
  const group = addCommand(program, 'sagas', {
    summary: 'see where sagas are, decide about them, check them',
    about:
      'List sagas, tell what happened to one, resume, cancel and decide, draw and check them. ' +
      'list and show read the log, or ask a running server with --url. resume, cancel and decide need --url, because only a running ' +
      'system acts. graph and check use the declarations in the config.',
    examples: [
      ['indelible sagas list', 'the sagas that have not ended, and what they wait for'],
      ['indelible sagas show transfer t1', 'what happened to one, and what comes next'],
      ['indelible sagas check', 'before a deployment: do all open sagas fit the code?'],
      ['indelible sagas graph transfer > transfer.mmd', 'its drawing, for Mermaid'],
    ],
  }).helpCommand(false)
  addCommonOptions(group)
  for (const add of [addList, addShow, addResume, addCancel, addDecide, addGraph, addCheck]) add(group, session)
}

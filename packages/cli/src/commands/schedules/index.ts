// `indelible schedules`: commands that are sent at a later time.
import type { Command } from 'commander'
import { addCommand } from '../../help.ts'
import { addCommonOptions } from '../../options/index.ts'
import type { Session } from '../../session.ts'
import { addAdd } from './add.ts'
import { addCancel } from './cancel.ts'
import { addList } from './list.ts'
import { addShow } from './show.ts'

export function addSchedules(program: Command, session: Session): void {
  const group = addCommand(program, 'schedules', {
    summary: 'see commands that are sent later, schedule and cancel them',
    about:
      'List commands that are sent at a later time, show what became of one, schedule and cancel. list and show read the log, or ask a ' +
      'running server with --url. add and cancel need --url, because only a running system acts.',
    examples: [
      ['indelible schedules list', 'those that wait for their time'],
      ['indelible schedules list --status refused', 'those that the domain refused'],
    ],
  }).helpCommand(false)
  addCommonOptions(group)
  for (const add of [addList, addShow, addAdd, addCancel]) add(group, session)
}

// `indelible schema`: the event types of a log, and whether code fits them.
import type { Command } from 'commander'
import { addCommand } from '../../help.ts'
import { addCommonOptions } from '../../options/index.ts'
import type { Session } from '../../session.ts'
import { addCheck } from './check.ts'
import { addList } from './list.ts'
import { addShow } from './show.ts'
import { addWrite } from './write.ts'

export function addSchema(program: Command, session: Session): void {
  const group = addCommand(program, 'schema', {
    summary: 'see the event types of a log, check code against them',
    about:
      'List and show event types: what a log registered of them, and how the code differs. ' +
      'check compares the events of the code with those of a log, or of a committed file that write makes, and refuses what cannot read them.',
    examples: [
      ['indelible schema list', 'all event types, with counts'],
      ['indelible schema show OrderPlaced --data ./data', 'one, from the log alone'],
      ['indelible schema check', 'before a deployment: can this code read the log?'],
      ['indelible schema check --against indelible.schema.json', 'in CI, without a log'],
    ],
  }).helpCommand(false)
  addCommonOptions(group)
  for (const add of [addList, addShow, addCheck, addWrite]) add(group, session)
}

// `indelible access`: who may do what, as the grants of the config say.
import type { Command } from 'commander'
import { addCommand } from '../../help.ts'
import type { Session } from '../../session.ts'
import { addExplain } from './explain.ts'
import { addList } from './list.ts'

export function addAccess(program: Command, session: Session): void {
  const group = addCommand(program, 'access', {
    summary: 'see who may do what, and why',
    about:
      'List the grants of the config, and explain why a principal may do something or not. Nothing is opened for it.',
    examples: [
      ['indelible access list', 'all grants'],
      [
        'indelible access explain ann selectRows name=account_balances --role customer --attribute account=a1',
        'may Ann read that table?',
      ],
    ],
  }).helpCommand(false)
  for (const add of [addList, addExplain]) add(group, session)
}

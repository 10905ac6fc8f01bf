// `indelible tenants`: the tenants of a config or a server, each with a log of its own.
import type { Command } from 'commander'
import { addCommand } from '../../help.ts'
import { addCommonOptions } from '../../options/index.ts'
import type { Session } from '../../session.ts'
import { addCreate } from './create.ts'
import { addList } from './list.ts'

export function addTenants(program: Command, session: Session): void {
  const group = addCommand(program, 'tenants', {
    summary: 'list and create tenants',
    about:
      'Each tenant of a config with "tenants" has a log of its own. While a server runs, ask it with --url; otherwise these commands open the list themselves. ' +
      'All other commands take --tenant NAME.',
    examples: [
      ['indelible tenants create acme', 'from now on it has a log'],
      ['indelible tenants list', 'all of them'],
      ['indelible read account-576 --tenant acme', 'events of one of them'],
    ],
  }).helpCommand(false)
  addCommonOptions(group)
  for (const add of [addList, addCreate]) add(group, session)
}

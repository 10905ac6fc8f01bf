// `indelible keys`: the API keys of programs that call the system.
import type { Command } from 'commander'
import { addCommand } from '../../help.ts'
import { addCommonOptions } from '../../options/index.ts'
import type { Session } from '../../session.ts'
import { addCreate } from './create.ts'
import { addList } from './list.ts'
import { addRevoke } from './revoke.ts'

export function addKeys(program: Command, session: Session): void {
  const group = addCommand(program, 'keys', {
    summary: 'create, list and revoke API keys',
    about:
      'API keys are for programs that call a server with the identity apiKeys(). They are events in the log, which has only a hash of each ' +
      'secret. While a system runs, ask it with --url; otherwise these commands open the log themselves, which is how the first key is made.',
    examples: [
      ['indelible keys create billing --role system > billing.key', 'a key for the program billing'],
      ['indelible keys list', 'the keys that are valid'],
      ['indelible keys revoke 3fQk2Lw9aZbX01yT --reason "It was in a chat."', 'refused from now on'],
    ],
  }).helpCommand(false)
  addCommonOptions(group)
  for (const add of [addCreate, addList, addRevoke]) add(group, session)
}

// How documents name a command of any kind.
import type { CommandDescription, CommandName } from 'indelible/schema'
import type { Inline } from './blocks.ts'
import type { Source } from './source.ts'

export function commandLink(command: CommandName, { nameOf }: Source): Inline {
  const name = nameOf(command)
  return { link: `command/${name}`, text: name }
}

export function refusalsOf(command: CommandName, source: Source): readonly string[] {
  return (
    allCommands(source)
      .find((each) => isSame(each, command))
      ?.refuses.map(({ reason }) => reason) ?? []
  )
}

export function allCommands({ system }: Pick<Source, 'system'>): readonly CommandDescription[] {
  return [...system.commands, ...system.activities, ...system.remotes.flatMap(({ commands }) => commands)]
}

function isSame(one: CommandName, other: CommandName): boolean {
  return (
    one.category === other.category &&
    one.type === other.type &&
    one.remote === other.remote &&
    one.service === other.service
  )
}

// What is wrong with the other systems of a declared system. Names that begin with that of another system are for what comes from it.
import { type AnyRemoteSystem, remotePrefix } from './remotes.ts'
import type { System } from './system.ts'

export function faultsOfRemotes(system: System): string[] {
  return system.remotes.flatMap((remote) => [...strangers(system, remote), ...emitted(system, remote)])
}

/** The system's own names that could be taken for those of the other system. */
function strangers({ commands, events }: System, remote: AnyRemoteSystem): string[] {
  const prefix = remotePrefix(remote)
  const heard = new Set(Object.values(remote.events))
  const categories = new Set(commands.map(({ category }) => category).filter((each) => each.startsWith(prefix)))
  const types = events.filter((each) => each.type?.startsWith(prefix) && !heard.has(each)).map(({ type }) => type)
  return [
    ...[...categories].map(
      (category) => `The category "${category}" begins with the name of the other system "${remote.name}". Rename it.`,
    ),
    ...types.map(
      (type) =>
        `The event "${type}" begins with the name of the other system "${remote.name}", but is none of its events. Rename it.`,
    ),
  ]
}

function emitted({ commands }: System, remote: AnyRemoteSystem): string[] {
  const heard = new Set(Object.values(remote.events))
  return commands.flatMap(({ category, type, emits }) =>
    emits
      .filter((event) => heard.has(event))
      .map(
        (event) =>
          `The command "${category}/${type}" emits "${event.type}", which only the other system "${remote.name}" records.`,
      ),
  )
}

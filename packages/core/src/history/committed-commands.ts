// The commands in the log: what each recorded, in the order of the log.
import type { RecordedEvent } from '../kernel/events.ts'
import type { System } from '../kernel/system.ts'
import type { DomainLog } from '../store/domain-log.ts'
import type { ReadOptions } from '../store/port.ts'

/** The events of one command, in their newest form. Events that were appended without a command are alone. */
export type CommittedCommand = readonly [RecordedEvent, ...RecordedEvent[]]

/** A command id has one commit, so events beside each other with the same id are of one command. */
export async function* committedCommands(
  log: DomainLog,
  { events: types }: Pick<System, 'events'>,
  range: Pick<ReadOptions, 'from' | 'to'>,
): AsyncGenerator<CommittedCommand> {
  let commit: [RecordedEvent, ...RecordedEvent[]] | undefined
  for await (const { events } of log.read(types, 'all', range)) {
    for (const event of events) {
      const { commandId } = event.metadata
      if (commit && commandId !== undefined && commit[0].metadata.commandId === commandId) commit.push(event)
      else {
        if (commit) yield commit
        commit = [event]
      }
    }
  }
  if (commit) yield commit
}

// Scheduled commands: a saga of our own. It sleeps until a time, then sends the command that its start recorded. So they have the timers, records and controls of all sagas.
import type { AnyCommandType, Command } from '../commands.ts'
import type { Instant } from '../time.ts'
import { flowOf } from './flow-builder.ts'
import type { AnySaga, SagaHead } from './saga.ts'

/** What the start of a schedule records. */
export interface ScheduledCommand {
  readonly command: Command
  /** When the command is to be sent. */
  readonly at: Instant
  /** The length of time that was asked for, `30m`; null where an instant was. */
  readonly in: string | null
  /** Who scheduled it. */
  readonly actor: string | null
}

const head: SagaHead<ScheduledCommand> = {
  name: '$schedule',
  version: 1,
  description: undefined,
  owner: undefined,
  category: '$schedule',
  // A call starts it, and no event.
  startsOn: [],
  data: undefined,
  from: 'now',
  cancelsOn: [],
  onCompleted: undefined,
  onCompensated: undefined,
  former: [],
  maps: {},
}

/** Stands where a flow names its command: here each start has its own. */
const recordedCommand = Object.assign((_id: string, command: Command) => command, {
  type: '$Scheduled',
  category: '$schedule',
}) as unknown as AnyCommandType

/** The saga of scheduled commands. Every running system has it; no system declares it. */
export const scheduleSaga: AnySaga = flowOf('The schedule', head, [])
  .sleep('wait', { until: ({ at }: ScheduledCommand) => at })
  .step('send', {
    command: recordedCommand,
    to: ({ command }: ScheduledCommand) => command.id,
    input: ({ command }: ScheduledCommand) => command,
    compensate: 'nothing',
  })

// Makes the pieces that carry out the commands of a system, and connects them.
import type { System } from '../../kernel/system.ts'
import type { DomainLog } from '../../store/domain-log.ts'
import { guardOf } from '../guard/index.ts'
import { decisionsRecheckedEvery } from '../limits.ts'
import type { SystemOptions } from '../system-options.ts'
import type { Telemetry } from '../telemetry/index.ts'
import { AggregateLoader } from './aggregate-loader.ts'
import { CommandHandler, type CommandHandlerOptions } from './command-handler.ts'
import { Facts } from './facts.ts'
import { Recheck } from './recheck.ts'
import { SnapshotKeeper } from './snapshot-keeper.ts'

export type CommandOptions = Pick<SystemOptions, 'store' | 'snapshots' | 'domainCode' | 'recheckEvery'> &
  Required<Pick<SystemOptions, 'clock' | 'ids'>> & {
    readonly log: DomainLog
    readonly telemetry: Telemetry
    readonly notCarriedOut: CommandHandlerOptions['notCarriedOut']
    readonly notify: NonNullable<SystemOptions['onNotice']>
  }

export function commandHandlerOf(
  { commands }: System,
  { store, snapshots, log, clock, ids, domainCode, recheckEvery, notify, notCarriedOut, telemetry }: CommandOptions,
): CommandHandler {
  const guard = guardOf(domainCode, 'impure_aggregate')
  const keeper = new SnapshotKeeper({ store, snapshots, notify })
  const loader = new AggregateLoader({ log, snapshots: keeper, guard })
  return new CommandHandler({
    commands,
    store,
    loader,
    facts: new Facts({ log, guard }),
    clock,
    ids,
    guard,
    recheck: new Recheck({ every: recheckEvery ?? decisionsRecheckedEvery, notify }),
    notCarriedOut,
    telemetry,
  })
}

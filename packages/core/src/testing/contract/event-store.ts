// What every event store promises, as cases to run. An adapter is a store only if it passes all of them.
import type { EventStore } from '../../store/port.ts'
import { conditionsContract } from './conditions.ts'
import type { ContractCase } from './contract-case.ts'
import { expectedVersionsContract } from './expected-versions.ts'
import { followingContract } from './following.ts'
import { readingContract } from './reading.ts'
import { recordedEventsContract } from './recorded-events.ts'
import { refusalsContract } from './refusals.ts'
import { replayingContract } from './replaying.ts'
import { reservedNamesContract } from './reserved-names.ts'

/** Each case needs a fresh, empty store; the caller closes it afterwards. */
export const eventStoreContract: readonly ContractCase<EventStore>[] = [
  ...recordedEventsContract,
  ...expectedVersionsContract,
  ...conditionsContract,
  ...readingContract,
  ...replayingContract,
  ...followingContract,
  ...refusalsContract,
  ...reservedNamesContract,
]

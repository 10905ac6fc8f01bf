// Writes the declared event types into the registry of a log, where they differ from what is there.
import type { System } from '../../kernel/system.ts'
import type { EventStore } from '../../store/port.ts'
import { equalJson } from '../compatibility/values.ts'
import { describeSystem } from '../describe-system.ts'
import { eventTypeRegistered, type Registration, readRegistry, registryStream } from './registrations.ts'

/** The event types could not be registered. The next start tries again. */
export interface RegistryNotice {
  readonly kind: 'registry failed'
  readonly message: string
}

/** The tries to register, if others register at the same time. */
const triesMax = 5

/**
 * Registers each event type whose description differs from its last registration, all in one commit. It writes nothing where all are the same. Resolves with
 * the number of types that it registered. Throws as `EventStore.append`.
 */
export async function registerEventTypes(store: Pick<EventStore, 'read' | 'append'>, system: System): Promise<number> {
  const declared: readonly Registration[] = describeSystem(system).events.map((event) => ({
    system: system.name,
    // As it will be read from the log.
    event: JSON.parse(JSON.stringify(event)),
  }))
  for (let tries = 0; tries < triesMax; tries++) {
    const { types, version } = await readRegistry(store)
    const changed = declared.filter(({ system, event }) => {
      const known = types.get(event.type)
      return !known || known.system !== system || !equalJson(known.event, event)
    })
    if (changed.length === 0) return 0
    const events = changed.map((data) => ({ stream: registryStream, type: eventTypeRegistered, data }))
    const outcome = await store.append({ events, expected: { [registryStream]: version } }, { reserved: true })
    if (outcome.status === 'written') return changed.length
  }
  // Others register all the time. The next start tries again.
  return 0
}

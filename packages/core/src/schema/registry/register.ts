// Writes the declared event types into the registry of a log, where they differ from what is there.
import { commitBytesMax, commitEventsMax } from '../../kernel/limits.ts'
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

/** Well below what a commit may have. A description takes some kilobytes. */
const commitBytes = commitBytesMax / 4

/**
 * Registers each event type whose description differs from its last registration: in one commit, or in several where they are large. It writes nothing where
 * all are the same. Resolves with the number of types that it registered. Throws as `EventStore.append`.
 */
export async function registerEventTypes(store: Pick<EventStore, 'read' | 'append'>, system: System): Promise<number> {
  const declared: readonly Registration[] = describeSystem(system).events.map((event) => ({
    system: system.name,
    // As it will be read from the log.
    event: JSON.parse(JSON.stringify(event)),
  }))
  let registered = 0
  for (let tries = 0; tries < triesMax; ) {
    const { types, version } = await readRegistry(store)
    const changed = declared.filter(({ system, event }) => {
      const known = types.get(event.type)
      return !known || known.system !== system || !equalJson(known.event, event)
    })
    if (changed.length === 0) return registered
    const events = firstOf(changed).map((data) => ({ stream: registryStream, type: eventTypeRegistered, data }))
    const outcome = await store.append({ events, expected: { [registryStream]: version } }, { reserved: true })
    if (outcome.status === 'written') registered += events.length
    else tries++
  }
  // Others register all the time. The next start tries again.
  return registered
}

/** As many as fit into a commit, and at least one. */
function firstOf(changed: readonly Registration[]): readonly Registration[] {
  let bytes = 0
  const end = changed.findIndex((each) => {
    bytes += Buffer.byteLength(JSON.stringify(each))
    return bytes > commitBytes
  })
  return end < 0 ? changed.slice(0, commitEventsMax) : changed.slice(0, Math.max(1, Math.min(end, commitEventsMax)))
}

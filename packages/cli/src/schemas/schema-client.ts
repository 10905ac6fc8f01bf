// Access to the event types of a log: directly, with the code where there is a config, or through a running server.
import { type EventTypeInLog, type EventTypeList, operations } from 'indelible/operations'
import { countVersions, knownEventType, knownEventTypes } from 'indelible/schema'
import { askServer } from '../http/index.ts'
import { type CommonOptions, inspectorsOf, openLog, type ServerToAsk, untilOpen } from '../options/index.ts'
import { type PhaseBar, phaseBar } from '../output/index.ts'
import { type Session, untilInterrupted } from '../session.ts'

export interface SchemaClient {
  list(): Promise<EventTypeList['eventTypes']>
  /** Throws `unknown_event_type`. */
  show(type: string, options: { readonly countVersions: boolean }): Promise<EventTypeInLog>
  close(): Promise<void>
}

/** With `--data` alone the log explains itself. */
export async function openDirectSchemas(options: CommonOptions, session: Session): Promise<SchemaClient> {
  const isAlone = options.data !== undefined && options.config === undefined
  const config = isAlone ? undefined : await inspectorsOf(options, session)
  const store = config ? await untilOpen(config.store(), session) : await openLog(options, session)
  const log = { store, system: config?.system }
  const bar: PhaseBar = phaseBar(session.errors)
  return {
    list: () => untilInterrupted(knownEventTypes(log), session.signal),
    async show(type, { countVersions: isCounted }) {
      const shown = await untilInterrupted(knownEventType(log, type), session.signal)
      if (!isCounted) return { ...shown, counted: null }
      const onEvents = (count: number) => bar.update('Counting', count, shown.count)
      const counting = countVersions(store, type, { onEvents })
      return { ...shown, counted: await untilInterrupted(counting, session.signal).finally(bar.clear) }
    },
    close: () => store.close(),
  }
}

export function schemasByServer(server: ServerToAsk, session: Session): SchemaClient {
  const ask = askServer(server, session)
  return {
    list: async () => (await ask(operations.listEventTypes, {})).eventTypes,
    show: (type, options) => ask(operations.showEventType, { type, ...options }),
    async close() {},
  }
}

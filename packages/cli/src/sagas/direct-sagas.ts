// Access to sagas without a server: it opens the log for reading.
import { declaredSaga, listedSagas, sagaStory } from 'indelible/operations'
import { type CommonOptions, inspectorsOf, untilOpen } from '../options/index.ts'
import { type Session, untilInterrupted } from '../session.ts'
import type { SagaClient } from './saga-client.ts'

export async function openDirectSagas(options: CommonOptions, session: Session): Promise<SagaClient> {
  const { system, store: openStore } = await inspectorsOf(options, session)
  const store = await untilOpen(openStore(), session)
  const { sagas } = system
  const { signal } = session
  return {
    list: (filters) => untilInterrupted(listedSagas({ store, sagas, nowMs: Date.now() }, filters), signal),
    async story(name, id, page) {
      const asked = { store, saga: declaredSaga(sagas, name), id, nowMs: Date.now() }
      return await untilInterrupted(sagaStory(asked, page), signal)
    },
    close: () => store.close(),
  }
}

// Access to sagas through a running server.
import { operations } from 'indelible/operations'
import { askServer } from '../http/index.ts'
import type { ServerToAsk } from '../options/index.ts'
import type { Session } from '../session.ts'
import type { SagaClient } from './saga-client.ts'

export function sagasByServer(server: ServerToAsk, session: Session): SagaClient {
  const ask = askServer(server, session)
  return {
    list: (filters) => ask(operations.listSagas, filters),
    story: (name, id, page) => ask(operations.sagaHistory, { name, id, ...page }),
    async close() {},
  }
}

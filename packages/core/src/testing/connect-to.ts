// Another system in the same process, for tests: everything passes as JSON, as over HTTP.
import { directConnection } from '../operations/index.ts'
import type { RemoteConnection } from '../runtime/remotes/connection.ts'
import type { RunningSystem } from '../runtime/running-system.ts'

/** Connects to a running system of this process: `startSystem(bankA, { remotes: { partner: connectTo(bankB) } })`. */
export function connectTo(running: RunningSystem): RemoteConnection {
  return directConnection((operation, input, call) => operation.run(running, input, call))
}

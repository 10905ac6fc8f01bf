// Where the tree is grown: on this thread, or on one of its own, so that hashing does not slow commands.
import { parentPort, Worker, type WorkerOptions, workerData } from 'node:worker_threads'
import { IndelibleError } from '../../kernel/errors.ts'
import { messageOf } from '../../kernel/shown.ts'
import { TreeGrower, type TreeMethods } from '../../proofs/tree-grower.ts'
import type { EventStore } from '../../store/port.ts'
import type { ProofFiles } from '../../store/proof-files.ts'
import { giveWay, serve, ThreadClient } from '../../threads/index.ts'

/** Grows the tree of a log somewhere. */
export interface TreeHost extends TreeMethods {
  close(): Promise<void>
}

export interface TreeResources {
  readonly store: EventStore
  readonly files: ProofFiles
}

export type StartTree = (resources: TreeResources) => TreeHost

/** On this thread. */
export const treeHere: StartTree = (resources) => {
  const grower = new TreeGrower(resources)
  return { begin: (signed) => grower.begin(signed), grow: (to) => grower.grow(to), close: async () => {} }
}

/** On a thread that begins with this module, which calls {@link growTree}. A thread that ended is started again by the next `begin`. */
export function treeThread(module: URL, options: Pick<WorkerOptions, 'workerData' | 'execArgv'> = {}): StartTree {
  return () => {
    let client: ThreadClient<TreeMethods> | undefined
    const running = () => {
      if (client && !client.hasEnded) return client
      client = new ThreadClient<TreeMethods>(new Worker(module, options), { ended })
      return client
    }
    return {
      begin: (signed) => running().call('begin', signed),
      grow: (to) => running().call('grow', to),
      async close() {
        if (client && !client.hasEnded) await client.close()
      },
    }
  }
}

/** To be called by the module of a {@link treeThread}. `open` gets its `workerData` and opens the log for reading. */
export async function growTree<Data>(open: (data: Data) => Promise<TreeResources>): Promise<void> {
  const port = parentPort
  if (!port) throw new IndelibleError('invalid_declaration', 'growTree is for the module of a treeThread.')
  // Nobody waits for the tree, and hashing takes as much of a processor as appending does.
  giveWay()
  const opened = open(workerData as Data)
  const grower = opened.then((resources) => new TreeGrower(resources))
  const handlers: TreeMethods = {
    begin: async (signed) => await (await grower).begin(signed),
    async grow(to) {
      const { store } = await opened
      // It reads what the other thread has written, which may take a moment to see.
      while ((await store.head()).position < to) await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
      return await (await grower).grow(to)
    },
  }
  serve<TreeMethods>(port, handlers, { close: async () => await (await opened).store.close() })
}

const lookAgainMs = 5

function ended(cause: unknown): IndelibleError {
  const why = cause === undefined ? 'it exited.' : messageOf(cause)
  return new IndelibleError('io_failed', `The thread that grows the Merkle tree ended: ${why}`, { cause })
}

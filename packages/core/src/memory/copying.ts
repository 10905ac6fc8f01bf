// Copies of logs in memory: for tests, and as the guide for those who write an adapter.
import { systemIds } from '../kernel/system-clock.ts'
import {
  type CommitRange,
  type CopySource,
  type CopyTarget,
  checkFollows,
  commitsIn,
  copyMismatch,
  type RecordedCommit,
  retired,
} from '../store/copying.ts'
import type { EventStore } from '../store/port.ts'
import { logOf, type MemoryLog, memoryLog } from './event-store.ts'
import { Ledger } from './ledger.ts'

/** The log of a `memoryStore` as the source of a copy. Closing it leaves the store open. */
export function memoryCopySource(store: EventStore): CopySource {
  const log = logOf.get(store)
  if (!log) throw new TypeError('This is not the store of memoryStore().')
  return {
    ...shared(log),
    waitBeyond: (position, signal) => log.waitBeyond(position, signal),
    async retire(copyId) {
      if (log.state === 'retired' && log.copyId !== copyId) throw retired('memory')
      log.state = 'retired'
      log.copyId = copyId
    },
    async reopen() {
      log.state = 'open'
    },
  }
}

/** A copy in memory, whose store is there when it is finished, and can be read before. */
export class MemoryCopy {
  #log: MemoryLog | undefined

  get store(): EventStore {
    if (!this.#log) throw new TypeError('Nothing was copied here.')
    return this.#log.store
  }

  /** See `OpenCopyTarget`. */
  open = async (logId: string): Promise<CopyTarget> => {
    if (!this.#log) {
      this.#log = memoryLog({ logId }, new Ledger())
      this.#log.state = 'unfinished'
      this.#log.copyId = systemIds()
      logOf.set(this.#log.store, this.#log)
    }
    const log = this.#log
    if (log.state !== 'unfinished') throw copyMismatch('finished', 'The copy in memory was finished before.')
    if (log.logId !== logId) throw copyMismatch('other-log', 'The copy in memory is of another log.')
    return {
      ...shared(log),
      copyId: log.copyId!,
      async receive(commits) {
        for (const commit of commits) {
          const { recordedAt: lastRecordedAt } = await log.store.head()
          checkFollows(commit, {
            head: log.ledger.head,
            lastRecordedAt,
            versionOf: (stream) => log.ledger.versionOf(stream),
          })
          log.receive(commit)
        }
      },
      async finish() {
        log.state = 'open'
      },
    }
  }
}

function shared({ store, ledger }: MemoryLog) {
  return {
    head: () => store.head(),
    historyAt: (position: number) => store.historyAt(position),
    commits({ after, to }: CommitRange): AsyncIterable<readonly RecordedCommit[]> {
      const known = ledger.commitsByPosition()
      return commitsIn(store.read('all', { from: after + 1, to, reserved: true }), ({ position }) => {
        const commit = known.get(position)
        // Which events without a command id were written together is not kept.
        return { commandId: commit?.commandId, count: commit ? commit.lastPosition - position + 1 : 1 }
      })
    },
    close: async () => {},
  }
}

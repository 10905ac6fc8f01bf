// A fork of a log: all that the log has up to a position, and from there on events of its own, in memory. The log is only read.
import { IndelibleError } from '../kernel/errors.ts'
import { position as checkedPosition } from '../kernel/positions.ts'
import type { Query } from '../kernel/queries.ts'
import type { StreamName } from '../kernel/streams.ts'
import type { ForkOptions, OpenFork } from '../store/fork.ts'
import type { EventStore, ReadOptions, WrittenCommit } from '../store/port.ts'
import { memoryLog } from './event-store.ts'
import { Ledger } from './ledger.ts'

/**
 * A store that has what a log has up to a position, and then goes its own way: what is appended to it is in memory and nowhere else, so that a system that is
 * started on it can try anything. `close` leaves the log open. Throws `invalid_position` for a position that the log does not have.
 */
export const forkOf: OpenFork = async (log: EventStore, options: ForkOptions = {}): Promise<EventStore> => {
  const { position: end } = await log.head()
  const at = checkedPosition(options.at ?? end)
  if (at > end) throw new IndelibleError('invalid_position', `The log ends at ${end}, so there is nothing at ${at}.`)

  const sharedCommit = async (commandId: string | undefined): Promise<WrittenCommit | undefined> => {
    const found = commandId === undefined ? undefined : await log.findCommit(commandId)
    return found && found.lastPosition <= at ? found : undefined
  }
  const lastShared = async (
    query: Query,
    { from = 1, reserved = false }: Pick<ReadOptions, 'from' | 'reserved'> = {},
  ) => {
    if (from > at) return undefined
    const last = log.read(query, { direction: 'backwards', from, to: at, limit: 1, reserved })
    for await (const { events } of last) return events[0]
    return undefined
  }
  const ledger = new Ledger(at)
  const { store: own } = memoryLog(options, ledger, {
    recordedAt: (await lastShared('all', { reserved: true }))?.recordedAt ?? null,
    async lookBack({ events, expected = {}, condition, commandId }) {
      const streams = [...events.map((event) => event.stream), ...(Object.keys(expected) as StreamName[])]
      for (const stream of streams) {
        if (!ledger.knows(stream)) ledger.begin(stream, (await lastShared([{ streams: [stream] }]))?.version ?? 0)
      }
      const match = condition && (await lastShared(condition.failIfEventsMatch, { from: (condition.after ?? 0) + 1 }))
      return { earlier: await sharedCommit(commandId), match: match?.position }
    },
  })

  // What asks the log first asks for its own head before, so that a fork that is closed says so.
  return {
    ...own,
    findCommit: async (commandId) => (await own.findCommit(commandId)) ?? (await sharedCommit(commandId)),
    async *read(query, options = {}) {
      await own.head()
      const { from = 1, to = Number.MAX_SAFE_INTEGER, direction } = options
      const shared = { store: log, range: { from, to: Math.min(to, at) } }
      const rest = { store: own, range: { from: Math.max(from, at + 1), to } }
      let { limit = Number.POSITIVE_INFINITY } = options
      for (const { store, range } of direction === 'backwards' ? [rest, shared] : [shared, rest]) {
        for await (const batch of store.read(query, { ...options, ...range, limit })) {
          limit -= batch.events.length
          yield batch
        }
      }
    },
    async *replay(types, { after, to = Number.MAX_SAFE_INTEGER }) {
      await own.head()
      if (after < at) yield* log.replay(types, { after, to: Math.min(to, at) })
      if (after >= at || to > at) yield* own.replay(types, { after: Math.max(after, at), to })
    },
    async *subscribe(query, { after, ...options }) {
      await own.head()
      const { reserved = false, signal } = options
      let passed = after
      if (after < at) {
        for await (const batch of log.read(query, { from: after + 1, to: at, reserved })) {
          if (signal.aborted) return
          passed = batch.through
          yield batch
        }
        // Who follows has to learn that it has passed what does not match.
        if (passed < at) yield { events: [], through: at }
      }
      yield* own.subscribe(query, { ...options, after: Math.max(after, at) })
    },
    async positionAt(time, options) {
      await own.head()
      const shared = await log.positionAt(time, options)
      return shared < at ? shared : await own.positionAt(time, options)
    },
    async countTypes() {
      const counts = new Map(await own.countTypes())
      const add = (type: string, count: number) => counts.set(type, (counts.get(type) ?? 0) + count)
      for (const [type, count] of await log.countTypes()) add(type, count)
      // What the log has after the fork is not here.
      for await (const { events } of log.read('all', { from: at + 1, reserved: true }))
        for (const { type } of events) add(type, -1)
      return new Map([...counts].filter(([, count]) => count > 0))
    },
    async historyAt(position) {
      await own.head()
      return await (position <= at ? log : own).historyAt(position)
    },
  }
}

// The contract of copies: what a source gives, what a target takes, and that nobody can write past them.
import assert from 'node:assert/strict'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { CopySource, OpenCopyTarget, RecordedCommit } from '../../store/copying.ts'
import type { EventStore } from '../../store/port.ts'
import type { ContractCase } from './contract-case.ts'
import { all, fact, fieldsOf, writeHistory, written } from './store-support.ts'

/** A new log, and a place for a copy. */
export interface LogCopiesSubject {
  /** Open for writing. */
  readonly store: EventStore
  /** The same log as a source. */
  openSource(): Promise<CopySource>
  /** Ends the process that writes the log, where only one can. */
  stopWriting(): Promise<void>
  /** The place of the copy. */
  readonly openTarget: OpenCopyTarget
  /** Opens the copy for writing, as any log. */
  openCopy(): Promise<EventStore>
}

export const logCopiesContract: readonly ContractCase<LogCopiesSubject>[] = [
  {
    name: 'a source gives all events in commits, with their command ids, and reserved ones too',
    async run({ store, openSource }) {
      await writeHistory(store)
      await store.append({ events: [fact('a-1'), fact('b-1'), fact('a-1')], commandId: 'c-1' })
      await store.append({ events: [fact('$own-1', '$Done')], commandId: '$c-2' }, { reserved: true })
      await using source = disposable(await openSource())
      const commits = await commitsOf(source)
      const events = commits.flatMap((commit) => commit.events)
      assert.deepEqual(events.map(fieldsOf), (await all(store, 'all', { reserved: true })).map(fieldsOf))
      const named = commits.filter(({ commandId }) => commandId !== undefined)
      assert.deepEqual(
        named.map((commit) => [commit.commandId, commit.events.length]),
        [
          ['c-1', 3],
          ['$c-2', 1],
        ],
      )
      const { position } = await source.head()
      const rest = await commitsOf(source, { after: position - 1, to: position })
      assert.deepEqual(
        rest.map(({ commandId }) => commandId),
        ['$c-2'],
      )
      assert.deepEqual(await commitsOf(source, { after: position, to: position }), [])
    },
  },
  {
    name: 'a copy has the same events, versions, command ids, times and history, and goes on as the log would',
    async run({ store, openSource, openTarget, openCopy }) {
      await writeHistory(store)
      const first = written(await store.append({ events: [fact('a-1'), fact('b-1')], commandId: 'c-1' }))
      await store.append({ events: [fact('$own-1', '$Done')] }, { reserved: true })
      await using source = disposable(await openSource())
      await copied(source, openTarget)
      await using copy = disposable(await openCopy())
      assert.deepEqual(await fields(copy), await fields(store))
      for (const position of [0, 1, first.lastPosition, (await store.head()).position])
        assert.equal(await copy.historyAt(position), await store.historyAt(position))
      assert.deepEqual(await copy.head(), await store.head())
      assert.deepEqual(sorted(await copy.countTypes()), sorted(await store.countTypes()))
      const { status: _, ...commit } = first
      assert.deepEqual({ ...(await copy.findCommit('c-1'))! }, commit)
      const again = await copy.append({ events: [fact('a-1')], commandId: 'c-1' })
      assert.deepEqual(
        { ...again, versions: { ...(again as typeof first).versions } },
        { ...commit, status: 'duplicate', versions: { ...commit.versions } },
      )
      const { firstPosition, versions, recordedAt } = written(await copy.append({ events: [fact('a-1')] }))
      assert.equal(firstPosition, (await store.head()).position + 1)
      assert.equal(versions['a-1'], 2)
      assert.ok(recordedAt >= (await store.head()).recordedAt!)
      const conflict = await copy.append({ events: [fact('a-1')], expected: { 'a-1': 1 } })
      assert.equal(conflict.status, 'conflict')
    },
  },
  {
    name: 'a copy goes on where it ended, also after nothing was copied',
    async run({ store, openSource, openTarget }) {
      await using source = disposable(await openSource())
      const logId = (await source.historyAt(0))!
      const empty = await openTarget(logId)
      assert.deepEqual(await empty.head(), { position: 0, recordedAt: null })
      const { copyId } = empty
      await empty.close()
      for (let round = 1; round <= 3; round++) {
        await writeHistory(store)
        await using target = disposable(await openTarget(logId))
        assert.equal(target.copyId, copyId)
        const { position: after } = await target.head()
        const { position: to } = await source.head()
        assert.ok(to > after)
        for await (const commits of source.commits({ after, to })) await target.receive(commits)
        assert.deepEqual(await target.head(), await source.head())
        assert.equal(await target.historyAt(to), await source.historyAt(to))
        assert.deepEqual(eventsOf(await commitsOf(target)), eventsOf(await commitsOf(source)))
      }
    },
  },
  {
    name: 'what does not follow is refused, and nothing of it is written',
    async run({ store, openSource, openTarget }) {
      await store.append({ events: [fact('a-1')] })
      await store.append({ events: [fact('a-1')] })
      await store.append({ events: [fact('b-1')] })
      await using source = disposable(await openSource())
      const [one, two, three] = (await commitsOf(source)) as [RecordedCommit, RecordedCommit, RecordedCommit]
      await using target = disposable(await openTarget((await source.historyAt(0))!))
      for (const wrong of [[two], [one, three], [one, one]])
        await assert.rejects(target.receive(wrong), { code: 'copy_mismatch', details: { reason: 'not-following' } })
      const { position } = await target.head()
      if (position === 0) await target.receive([one])
      await assert.rejects(target.receive([{ ...two, events: two.events.map(withVersion(3)) }]), {
        code: 'copy_mismatch',
      })
      await target.receive([two, three])
      assert.equal((await target.head()).position, 3)
    },
  },
  {
    name: 'a copy is written by nobody before it is finished',
    async run({ store, openSource, openTarget, openCopy }) {
      await writeHistory(store)
      await using source = disposable(await openSource())
      await copied(source, openTarget, { finishes: false })
      await assert.rejects(writing(openCopy), { code: 'store_unfinished' })
      await copied(source, openTarget)
      await using copy = disposable(await openCopy())
      assert.equal((await copy.append({ events: [fact('a-1')] })).status, 'written')
    },
  },
  {
    name: 'neither another log nor a finished copy receives anything',
    async run({ store, openSource, openTarget }) {
      await store.append({ events: [fact('a-1')] })
      await using source = disposable(await openSource())
      await copied(source, openTarget, { finishes: false })
      const other = openTarget('019ab0de-ffff-7000-8000-0123456789ab')
      await assert.rejects(other, { code: 'copy_mismatch', details: { reason: 'other-log' } })
      await copied(source, openTarget)
      const again = openTarget((await source.historyAt(0))!)
      await assert.rejects(again, { code: 'copy_mismatch', details: { reason: 'finished' } })
    },
  },
  {
    name: 'a source that is closed for writing is so for one copy, and until it is opened again',
    async run({ store, openSource, stopWriting }) {
      await store.append({ events: [fact('a-1')] })
      await stopWriting()
      await using source = disposable(await openSource())
      await source.retire('019ab0de-ffff-7000-8000-000000000001')
      await source.retire('019ab0de-ffff-7000-8000-000000000001')
      await assert.rejects(source.retire('019ab0de-ffff-7000-8000-000000000002'), { code: 'store_retired' })
      assert.equal((await commitsOf(source)).length, 1)
      await source.reopen()
      await source.retire('019ab0de-ffff-7000-8000-000000000002')
    },
  },
  {
    name: 'a source that has more says so',
    async run({ store, openSource }) {
      await using source = disposable(await openSource())
      await source.waitBeyond(0, AbortSignal.timeout(20))
      const grown = source.waitBeyond(0, new AbortController().signal)
      await store.append({ events: [fact('a-1')] })
      await grown
      assert.equal((await source.head()).position, 1)
    },
  },
]

async function commitsOf(
  log: Pick<CopySource, 'commits' | 'head'>,
  range?: { after: number; to: number },
): Promise<readonly RecordedCommit[]> {
  const { after, to } = range ?? { after: 0, to: (await log.head()).position }
  return (await Array.fromAsync(log.commits({ after, to }))).flat()
}

async function copied(source: CopySource, open: OpenCopyTarget, { finishes = true } = {}): Promise<void> {
  await using target = disposable(await open((await source.historyAt(0))!))
  const { position: after } = await target.head()
  const { position: to } = await source.head()
  for await (const commits of source.commits({ after, to })) await target.receive(commits)
  if (finishes) await target.finish()
}

async function writing(open: () => Promise<EventStore>): Promise<void> {
  await using store = disposable(await open())
  await store.append({ events: [fact('a-1')] })
}

function eventsOf(commits: readonly RecordedCommit[]): readonly unknown[] {
  return commits.flatMap(({ events }) => events.map(fieldsOf))
}

async function fields(store: EventStore): Promise<readonly unknown[]> {
  return (await all(store, 'all', { reserved: true })).map(fieldsOf)
}

function withVersion(version: number) {
  return (event: RecordedEvent): RecordedEvent => {
    const { data, metadata, ...fields } = fieldsOf(event) as unknown as RecordedEvent
    const { dataBytes, metadataBytes } = event
    return { ...fields, data, metadata, dataBytes, metadataBytes, version } as RecordedEvent
  }
}

function sorted(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts].sort(([one], [other]) => (one < other ? -1 : 1))
}

function disposable<Closable extends { close(): Promise<void> }>(closable: Closable): Closable & AsyncDisposable {
  return Object.assign(Object.create(closable), { [Symbol.asyncDispose]: () => closable.close() })
}

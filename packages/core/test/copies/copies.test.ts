// A log is copied to another place, while it is written, stopped and killed at any moment: in the end the copy is the log.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { EventStore } from 'indelible'
import { fileCopySource, fileCopyTarget, fileStore } from 'indelible/file'
import { MemoryCopy, memoryCopySource, memoryStore } from 'indelible/memory'
import { type CopyOptions, type CopyProgress, copyLog } from 'indelible/moving'
import { expect, onTestFinished, test } from 'vitest'
import { draws, hours, long } from '../../../../scripts/campaign.ts'
import { temporaryDirectory } from '../../src/file/test-support.ts'
import { killedLimits as limits } from '../reliability/killed.ts'
import { append, expectSame, expectSameCommands } from './drawn-log.ts'

type Source = CopyOptions['source']

interface Place {
  readonly source: () => Promise<Source>
  readonly openTarget: CopyOptions['openTarget']
  /** For writing. */
  readonly open: () => Promise<EventStore>
}

function files(): Place {
  const dir = join(temporaryDirectory(), 'log')
  return {
    source: () => fileCopySource({ dir, limits }),
    openTarget: fileCopyTarget({ dir, limits }),
    open: () => fileStore({ dir, limits }),
  }
}

async function written(place: Place, commits: number, draw = draws()) {
  const store = await place.open()
  await append(store, commits, { draw, round: 'c' })
  return store
}

const counts = [0, 1, 60]
test.each(counts)('a log of %i commits is moved, and its history goes on in the copy', async (commits) => {
  const [from, to] = [files(), files()]
  await (await written(from, commits)).close()
  const source = await from.source()
  const rest: number[] = []
  const summary = await copyLog({
    source,
    openTarget: to.openTarget,
    switches: true,
    moveRest: async () => void rest.push((await source.head()).position),
  })
  const { position } = await source.head()
  expect(summary).toMatchObject({ head: position, copied: position, isSwitched: true })
  expect(rest).toEqual([position])
  await expect(from.open()).rejects.toMatchObject({ code: 'store_retired' })
  const copy = await to.open()
  expect(await copy.historyAt(position)).toBe(summary.history)
  await append(copy, 3, { draw: draws(), round: 'later' })
  await copy.close()
  await source.close()
})

test('a log is copied in pieces, each time as far as it is, to files and from files', async () => {
  const draw = draws()
  for (let run = 0; run < (long ? 100 : 4); run++) {
    const store = memoryStore()
    const between = files()
    const end = new MemoryCopy()
    const pieces = 1 + draw(4)
    for (let piece = 0; piece < pieces; piece++) {
      await append(store, draw(40), { draw, round: `${piece}` })
      const first = { source: memoryCopySource(store), openTarget: between.openTarget }
      await stoppedNowAndThen(first, draw)
      const { root } = await copyLog(first)
      const source = await between.source()
      await stoppedNowAndThen({ source, openTarget: end.open }, draw)
      const second = await copyLog({ source, openTarget: end.open })
      expect(second.root).toEqual(root)
      await source.close()
      await expectSame(end.store, store)
    }
    const ids = Array.from({ length: pieces }, (_, piece) => Array.from({ length: 40 }, (_, at) => `${piece}-${at}`))
    await expectSameCommands(end.store, store, ids.flat())
  }
})

/** Runs a copy that is aborted after some of its steps. */
async function stoppedNowAndThen(options: CopyOptions, draw: (below: number) => number): Promise<void> {
  const stop = new AbortController()
  let left = draw(4)
  const onProgress = () => {
    if (left-- === 0) stop.abort()
  }
  await copyLog({ ...options, signal: stop.signal, onProgress }).catch((error) => {
    expect(error).toMatchObject({ code: 'aborted' })
  })
}

test('a log is moved while a process writes it: the copy takes its place when that process has ended', async () => {
  const [from, to] = [files(), files()]
  const draw = draws()
  const store = await written(from, 30, draw)
  const source = await from.source()
  onTestFinished(() => source.close())
  const phases: CopyProgress['phase'][] = []
  const moved = copyLog({
    source,
    openTarget: to.openTarget,
    switches: true,
    onProgress: ({ phase }) => void phases.push(phase),
  })
  for (let round = 0; round < 20 || !phases.includes('waiting'); round++) {
    await append(store, 2, { draw, round: `r${round}` })
    await pause(1)
    // Before the copy has begun, its place is an empty one.
    if (phases.length === 0) continue
    await expect(to.open()).rejects.toMatchObject({ code: expect.stringMatching(/store_locked|store_unfinished/) })
  }
  await store.close()
  const { head } = await moved
  const copy = await to.open()
  onTestFinished(() => copy.close())
  expect((await copy.head()).position).toBe(head)
  expect((await source.head()).position).toBe(head)
  await expect(from.open()).rejects.toMatchObject({ code: 'store_retired' })
})

test('a log can be moved back: what is still there is gone on with', async () => {
  const [from, to] = [files(), files()]
  await (await written(from, 20)).close()
  for (const [one, other] of [
    [from, to],
    [to, from],
    [from, to],
  ] as const) {
    const source = await one.source()
    const { copied, head } = await copyLog({ source, openTarget: other.openTarget, switches: true })
    await source.close()
    expect(copied).toBeLessThanOrEqual(head)
    const store = await other.open()
    await append(store, 5, { draw: draws(head), round: `${head}` })
    await store.close()
    await expect(one.open()).rejects.toMatchObject({ code: 'store_retired' })
  }
})

test('what is there and is no beginning of the log is not touched', async () => {
  const [from, to] = [memoryStore(), files()]
  await append(from, 5, { draw: draws(1), round: 'a' })
  const source = memoryCopySource(from)
  await copyLog({ source, openTarget: to.openTarget })
  // The log was restored from an older copy, and has gone another way.
  const restored: Source = {
    ...source,
    historyAt: async (position) => (position === 0 ? await source.historyAt(0) : `other ${position}`),
  }
  await expect(copyLog({ source: restored, openTarget: to.openTarget })).rejects.toMatchObject({
    code: 'copy_mismatch',
    details: { reason: 'diverged' },
  })
  const other = memoryCopySource(memoryStore())
  await expect(copyLog({ source: other, openTarget: to.openTarget })).rejects.toMatchObject({
    details: { reason: 'other-log' },
  })
  const log = files()
  await (await written(log, 1)).close()
  await expect(copyLog({ source, openTarget: log.openTarget })).rejects.toMatchObject({
    details: { reason: 'finished' },
  })
  await (await log.open()).close()
})

test('a copy that differs by one bit is found, with the position', async () => {
  const store = memoryStore()
  await append(store, 30, { draw: draws(), round: 'a' })
  const source = memoryCopySource(store)
  const copy = new MemoryCopy()
  const { head } = await copyLog({ source, openTarget: copy.open })
  const at = 1 + draws()(head)
  const changed: Source = {
    ...source,
    async *commits(range) {
      for await (const commits of source.commits(range)) {
        for (const { events } of commits)
          for (const { position, metadataBytes } of events)
            if (position === at && metadataBytes.length > 0) metadataBytes[0]! ^= 1
        yield commits.map((commit) => (commit.events[0]!.position === at ? { ...commit, commandId: 'other' } : commit))
      }
    },
  }
  const first = (await Array.fromAsync(store.read('all', { from: at, to: at, reserved: true })))[0]!.events[0]!
  const isFound = first.metadataBytes.length > 0 || (await beginsCommit(source, at))
  const again = copyLog({ source: changed, openTarget: copy.open })
  if (isFound) await expect(again).rejects.toMatchObject({ code: 'copy_differs', details: { position: at } })
  else await again
})

async function beginsCommit(source: Source, position: number): Promise<boolean> {
  const { position: to } = await source.head()
  const commits = (await Array.fromAsync(source.commits({ after: 0, to }))).flat()
  return commits.some(({ events }) => events[0]!.position === position)
}

test('where the rest cannot be moved, the log goes on where it is', async () => {
  const [from, to] = [files(), files()]
  await (await written(from, 10)).close()
  const source = await from.source()
  const moveRest = () => Promise.reject(new Error('No room.'))
  await expect(copyLog({ source, openTarget: to.openTarget, switches: true, moveRest })).rejects.toThrow('No room.')
  const store = await from.open()
  await append(store, 1, { draw: draws(), round: 'later' })
  await store.close()
  await expect(to.open()).rejects.toMatchObject({ code: 'store_unfinished' })
  await copyLog({ source, openTarget: to.openTarget, switches: true })
  await source.close()
  await (await to.open()).close()
})

const kills = long ? 100 : 4
test(`a copier that is killed ${kills} times moves the log all the same`, hours, async () => {
  const draw = draws()
  const [from, to] = [join(temporaryDirectory(), 'log'), join(temporaryDirectory(), 'log')]
  const store = await fileStore({ dir: from, limits })
  await append(store, 150, { draw, round: 'c' })
  const before = memoryStore()
  expect((await before.head()).position).toBe(0)
  await store.close()
  let isMoved = false
  for (let kill = 0; kill < kills && !isMoved; kill++) {
    const said = await copier(from, to, 1 + draw(12))
    isMoved = said.includes('switched')
    // Never can both be written.
    const writable = await Promise.all([from, to].map(isWritable))
    expect(writable.filter(Boolean).length).toBeLessThanOrEqual(1)
  }
  while (!isMoved && !(await isWritable(to))) isMoved = (await copier(from, to)).includes('switched')
  const [copy, log] = [await fileStore({ dir: to, limits }), await fileStore({ dir: from, limits, access: 'read' })]
  await expectSame(copy, log)
  await copy.close()
  await log.close()
  expect(await isWritable(from)).toBe(false)
})

/** Runs a copier, and kills it after some lines. Gives what it said. */
async function copier(from: string, to: string, lines = Number.POSITIVE_INFINITY): Promise<string> {
  const child = new URL('copying-child.ts', import.meta.url).pathname
  const copier = spawn(process.execPath, ['--conditions=@indelible/source', child, from, to], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void copier.kill('SIGKILL'))
  const exit = once(copier, 'exit')
  let said = ''
  for await (const chunk of copier.stdout!.setEncoding('utf8')) {
    said += chunk
    if (said.split('\n').length > lines) copier.kill('SIGKILL')
  }
  await exit
  return said
}

async function isWritable(dir: string): Promise<boolean> {
  try {
    // An empty directory would become a log.
    await (await fileStore({ dir, limits, access: 'read' })).close()
    await (await fileStore({ dir, limits })).close()
    return true
  } catch {
    return false
  }
}

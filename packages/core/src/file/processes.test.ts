// Several processes on one log: the lock, and readers that follow a writer. The others run in Node processes of their own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Disk, nodeDisk } from '../log/disk/disk.ts'
import { verifyLog } from '../log/maintenance/verify.ts'
import { fileStore } from './event-store.ts'
import { all, diskBroken, fact, openStore, temporaryDirectory } from './test-support.ts'

const door = new URL('index.ts', import.meta.url).href
const limits = { segmentBytesMax: 3000, reserveBytes: 500 }

/** Runs a script in another process; the script can use `fileStore`, `dir`, `limits` and `say`. Returns the lines that it says. */
function run(dir: string, script: string): { process: ChildProcess; lines: AsyncIterator<string> } {
  const code = `import { fileStore } from ${JSON.stringify(door)}
    const dir = ${JSON.stringify(dir)}, limits = ${JSON.stringify(limits)}, say = (line) => console.log(line)
    ${script}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { process: child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() }
}

const nextLine = async (lines: AsyncIterator<string>) => (await lines.next()).value as string
const holdOpen = `const store = await fileStore({ dir, limits }); say('open'); setInterval(() => {}, 1000)`

describe('one writer', () => {
  test('a second opener in the same process gets an error that names this process', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir })
    const told = {
      code: 'store_locked',
      message: expect.stringContaining('This process'),
      details: { pid: process.pid },
    }
    await expect(fileStore({ dir })).rejects.toMatchObject(told)
    await expect(fileStore({ dir: join(dir, '.', '') })).rejects.toMatchObject(told)
    await store.close()
    await (await fileStore({ dir })).close()
  })

  test('a second opener gets an error that names the holding process; when that process is killed, the next opener succeeds', async () => {
    const dir = temporaryDirectory()
    const holder = run(dir, holdOpen)
    expect(await nextLine(holder.lines)).toBe('open')
    for (let n = 0; n < 2; n++) {
      await expect(fileStore({ dir })).rejects.toMatchObject({
        code: 'store_locked',
        message: expect.stringMatching(new RegExp(`Process ${holder.process.pid} .*access: 'read'`)),
        details: { dir, pid: holder.process.pid },
      })
    }
    await (await fileStore({ dir, access: 'read' })).close()
    holder.process.kill('SIGKILL')
    await once(holder.process, 'exit')
    const store = await openStore({ dir })
    expect(await store.append({ events: [fact('thing-1')] })).toMatchObject({ status: 'written' })
  })

  test('when many processes open the log of a killed process at the same moment, exactly one succeeds', async () => {
    const dir = temporaryDirectory()
    const holder = run(dir, holdOpen)
    await nextLine(holder.lines)
    const go = Date.now() + 1500
    const racers = Array.from({ length: 4 }, () =>
      run(
        dir,
        `await new Promise((resolve) => setTimeout(resolve, ${go} - Date.now()))
         try { await fileStore({ dir, limits }); say('open'); setInterval(() => {}, 1000) } catch ({ code }) { say(code) }`,
      ),
    )
    setTimeout(() => holder.process.kill('SIGKILL'), go - Date.now() - 100)
    const said = await Promise.all(racers.map(({ lines }) => nextLine(lines)))
    expect(said.sort()).toEqual(['open', 'store_locked', 'store_locked', 'store_locked'])
  })

  test('a pid that was reused, or a copy of an open log, does not lock anyone out', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir })
    const copy = temporaryDirectory()
    await cp(dir, copy, { recursive: true })
    await (await fileStore({ dir: copy })).close()
    const holder = await readFile(join(dir, 'writer.pid'), 'utf8')
    await store.close()
    await writeFile(join(dir, 'writer.pid'), holder.replace(/^(\d+) (\d+)/, '$1 1'))
    await (await fileStore({ dir })).close()
  })

  test('a program that reads the lock file of its own log, and so loses the kernel lock, still keeps others out', async () => {
    const dir = temporaryDirectory()
    await openStore({ dir })
    await readFile(join(dir, 'writer.lock'))
    const other = run(dir, `await fileStore({ dir }).then(() => say('open'), ({ code }) => say(code)); process.exit()`)
    expect(await nextLine(other.lines)).toBe('store_locked')
  })
})

describe('a reader in another process', () => {
  test('sees new events live, in order, without gaps or duplicates, over many segments', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir, limits })
    await store.append({ events: [fact('thing-0')] })
    const follower = run(
      dir,
      `const store = await fileStore({ dir, access: 'read' })
       say('open')
       let seen = 0
       for await (const { events } of store.subscribe('all', { after: 0, signal: new AbortController().signal })) {
         for (const { position, data } of events) {
           if (position !== ++seen || (data.n ?? 0) !== seen - 1) { say('wrong ' + position); process.exit(1) }
         }
         if (seen >= 1001) break
       }
       await store.close()
       say('seen ' + seen)`,
    )
    expect(await nextLine(follower.lines)).toBe('open')
    for (let n = 1; n <= 1000; n += 10) {
      await Promise.all(
        Array.from({ length: 10 }, (_, i) => store.append({ events: [fact('thing-1', 'Happened', { n: n + i })] })),
      )
    }
    expect(await nextLine(follower.lines)).toBe('seen 1001')
  })

  test('sees every append that was acknowledged before its read', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir, limits })
    const reader = await openStore({ dir, access: 'read', limits: { followMs: 60_000 } })
    for (let n = 1; n <= 100; n++) {
      await store.append({ events: [fact('thing-1')], commandId: `c-${n}` })
      if (n % 3 === 0) expect(await all(reader)).toHaveLength(n)
      if (n % 3 === 1) expect((await reader.head()).position).toBe(n)
      if (n % 3 === 2) expect(await reader.findCommit(`c-${n}`)).toMatchObject({ lastPosition: n })
    }
  })

  test('continues after the writer was killed and another one started', async () => {
    const dir = temporaryDirectory()
    await (await fileStore({ dir })).close()
    const reader = await openStore({ dir, access: 'read' })
    const stop = new AbortController()
    const seen: number[] = []
    const following = (async () => {
      for await (const { events } of reader.subscribe('all', { after: 0, signal: stop.signal })) {
        seen.push(...events.map(({ position }) => position))
      }
    })()
    let acknowledged = 0
    for (let round = 0; round < 3; round++) {
      const writer = run(
        dir,
        `const store = await fileStore({ dir, limits })
         for (;;) {
           const { lastPosition } = await store.append({ events: [{ stream: 'thing-1', type: 'Happened', data: {} }] })
           say(lastPosition)
         }`,
      )
      const until = acknowledged + 40
      while (acknowledged < until) acknowledged = Number(await nextLine(writer.lines))
      writer.process.kill('SIGKILL')
      await once(writer.process, 'exit')
      for (let line = await writer.lines.next(); !line.done; line = await writer.lines.next()) {
        acknowledged = Number(line.value)
      }
    }
    const { events } = await verifyLog({ dir })
    expect(events).toBeGreaterThanOrEqual(acknowledged)
    expect((await reader.head()).position).toBe(events)
    stop.abort()
    await following
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index + 1))
    expect(seen.length).toBeGreaterThanOrEqual(120)
  })

  test.each([1, 2, 8])(
    'sees what is written (%i at a time) between its read of the end and of the directory',
    async (count) => {
      const dir = temporaryDirectory()
      const store = await openStore({ dir, limits })
      let left = 0
      const disk: Disk = {
        ...nodeDisk,
        async list(dir) {
          for (; left > 0; left--) await store.append({ events: [fact('thing-1', 'Happened', 'x'.repeat(700))] })
          return await nodeDisk.list(dir)
        },
        // If the reader were notified of the append first, it would not look again.
        watch: () => () => {},
      }
      const reader = await openStore({ dir, access: 'read', disk, limits: { followMs: 600_000 } })
      await reader.head()
      for (let n = 1; n <= 20; n++) {
        await store.append({ events: [fact('thing-1', 'Happened', n)] })
        const { position } = await store.head()
        left = count
        expect((await reader.head()).position).toBeGreaterThanOrEqual(position)
        expect(left).toBe(0)
      }
      expect(await reader.head()).toEqual(await store.head())
    },
  )

  test('shows only durable events, even if the writer has not synced yet', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir })
    let fails = false
    const disk: Disk = {
      ...nodeDisk,
      async open(path, mode) {
        const file = await nodeDisk.open(path, mode)
        return { ...file, sync: () => (fails ? Promise.reject(diskBroken()) : file.sync()) }
      },
    }
    const reader = await openStore({ dir, access: 'read', disk })
    fails = true
    await store.append({ events: [fact('thing-1')] })
    await expect(reader.head()).rejects.toMatchObject({ code: 'io_failed' })
    await expect(all(reader)).rejects.toMatchObject({ code: 'io_failed' })
    fails = false
    expect((await reader.head()).position).toBe(1)
  })

  test('cannot append, and cannot open where there is no log', async () => {
    const dir = temporaryDirectory()
    for (const missing of [dir, join(dir, 'nowhere')]) {
      await expect(fileStore({ dir: missing, access: 'read' })).rejects.toMatchObject({ code: 'store_missing' })
    }
    await (await fileStore({ dir })).close()
    const reader = await openStore({ dir, access: 'read' })
    expect(await reader.head()).toEqual({ position: 0, recordedAt: null })
    await expect(reader.append({ events: [fact('thing-1')] })).rejects.toMatchObject({ code: 'store_read_only' })
    await reader.close()
    await reader.close()
    await expect(reader.head()).rejects.toMatchObject({ code: 'store_closed' })
    await expect(reader.append({ events: [fact('thing-1')] })).rejects.toMatchObject({ code: 'store_closed' })
  })

  test('is not misled by a listing that has a later segment but misses one that was just renamed', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir, limits })
    for (let n = 0; n < 20; n++)
      await store.append({ events: [fact('thing-1', 'Happened', { n, text: 'x'.repeat(500) })] })
    const missed = '00000003.log'
    let misses = 1
    const list = async (path: string) => {
      const names = await nodeDisk.list(path)
      expect(names).toContain('00000004.log')
      return misses-- > 0 ? names.filter((name) => name !== missed) : names
    }
    const reader = await openStore({ dir, access: 'read', disk: { ...nodeDisk, list }, limits })
    expect((await all(reader)).length).toBe(20)
    expect(misses).toBeLessThan(0)
    misses = 1
    expect(await verifyLog({ dir, disk: { ...nodeDisk, list } })).toMatchObject({ events: 20 })
    expect(misses).toBeLessThan(0)
  })

  test('does not reread the log when columns and temporary files are written beside it', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir })
    await store.append({ events: [fact('thing-1')] })
    let looks = 0
    const list = (path: string) => {
      looks++
      return nodeDisk.list(path)
    }
    const quiet = { followMs: 1_000_000 }
    const reader = await openStore({ dir, access: 'read', disk: { ...nodeDisk, list }, limits: quiet })
    await reader.head()
    const before = looks
    for (const name of ['00000001.col.1-1.new', '00000001.col', '00000001.idx.1-1.new'])
      for (let n = 0; n < 20; n++) await writeFile(join(dir, name), `${n}`)
    // Changes are reported in order: when this one is seen, the earlier ones were reported too.
    await store.append({ events: [fact('thing-1')] })
    for await (const _ of reader.subscribe('all', { after: 1, signal: new AbortController().signal })) break
    expect(looks - before).toBeLessThan(10)
  })

  test('reports damage to its subscribers', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir, limits })
    await store.append({ events: [fact('thing-1')] })
    const reader = await openStore({ dir, access: 'read' })
    const following = (async () => {
      for await (const _ of reader.subscribe('all', { after: 0, signal: new AbortController().signal }));
    })()
    const damage = { code: 'log_corrupt', details: { file: '00000002.log' } }
    const told = expect(following).rejects.toMatchObject(damage)
    await cp(join(dir, '00000001.log'), join(dir, '00000003.log'))
    await told
    await expect(reader.head()).rejects.toMatchObject(damage)
  })
})

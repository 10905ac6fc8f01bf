// A process is killed at any moment while its reaction works: no event is skipped, none is handled before an earlier one of its stream, and the
// checkpoint never claims more than was done.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type ParkedEvent, reaction, subscription } from 'indelible'
import { fileStorage, fileStore } from 'indelible/file'
import { expect, onTestFinished, test } from 'vitest'
import { draws, hours, long, seed } from '../../../scripts/campaign.ts'
import { ParcelPacked, startParcels, until } from './parcels.ts'

const kills = long ? 300 : 6
const killsOfALog = long ? 15 : 3
const child = new URL('reacting-child.ts', import.meta.url).pathname

test(`a reaction whose process is killed ${kills} times skips no event`, hours, async () => {
  const next = draws()
  const total = { kills: 0, events: 0, repeated: 0, parked: 0, records: 0 }
  for (let done = 0; done < kills; done += killsOfALog) {
    const dataDir = mkdtempSync(join(tmpdir(), 'indelible-reacting-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
    for (let kill = 0; kill < killsOfALog; kill++) {
      await killed(dataDir, total.kills++, next)
      if (await recordFits(dataDir, 'index')) total.records++
      if (await recordFits(dataDir, 'notes')) total.records++
    }
    const { events, repeated, parked } = await finished(dataDir)
    total.events += events
    total.repeated += repeated
    total.parked += parked
    rmSync(dataDir, { recursive: true })
  }
  console.log(
    `reactions: ${total.kills} kills, ${total.events} events, 0 left out, 0 out of order, ${total.repeated} called again, ` +
      `${total.parked} streams parked at the end, ${total.records} checkpoints looked at, seed ${seed}`,
  )
  expect(total.events).toBeGreaterThan(20 * kills)
  expect(total.records).toBeGreaterThan(kills / 2)
})

async function killed(dataDir: string, round: number, next: (below: number) => number): Promise<void> {
  const process_ = spawn(process.execPath, ['--conditions=@indelible/source', child, dataDir, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void process_.kill('SIGKILL'))
  const exit = once(process_, 'exit')
  await Promise.race([once(process_.stdout!, 'data'), exit])
  // Counted in events, because a slow machine handles fewer in the same time. The reaction may stand still with all streams parked.
  const enough = doneIn(dataDir, 'index').length + (next(4) === 0 ? 0 : 20 + next(200))
  await until(() => expect(doneIn(dataDir, 'index').length).toBeGreaterThanOrEqual(enough))
  await pause(next(60))
  process_.kill('SIGKILL')
  const [code] = await exit
  expect(code, 'the process ended by itself').toBe(null)
}

interface Note {
  readonly stream: string
  readonly position: number
  readonly key: string
}

/** What the reaction or the subscription did. The last line may be incomplete. */
function doneIn(dataDir: string, name: 'notes' | 'index'): readonly Note[] {
  const path = join(dataDir, name === 'notes' ? 'notes' : 'indexed')
  if (!existsSync(path)) return []
  const written = readFileSync(path, 'utf8')
  const lines = written.slice(0, written.lastIndexOf('\n') + 1).split('\n')
  return lines.filter(Boolean).map((line) => {
    const [stream, position, key] = line.split(' ')
    return { stream: stream!, position: Number(position), key: key! }
  })
}

/** Whether there is a record. If so, it claims nothing that was not done. */
async function recordFits(dataDir: string, name: 'notes' | 'index'): Promise<boolean> {
  const { consumers } = fileStorage({ dataDir, mode: 'inspect' })
  const record = await consumers.load(name)
  if (!record) return false
  const done = new Set(doneIn(dataDir, name).map(({ position }) => position))
  const store = await fileStore({ dir: join(dataDir, 'log'), access: 'read' })
  const { position, history } = record.checkpoint
  expect(await store.historyAt(position)).toBe(history)
  const isBehind = (stream: string, at: number) =>
    record.parked.some((parked: ParkedEvent) => parked.stream === stream && parked.position <= at)
  for await (const { events } of store.read([{ types: ['ParcelPacked'] }], { to: position })) {
    for (const { stream, position: at } of events) {
      if (!done.has(at) && !isBehind(stream, at)) expect.fail(`${name}: ${at} of ${position} was not done`)
    }
  }
  await store.close()
  // The next process removes the unfinished files of a killed one.
  const unfinished = readdirSync(join(dataDir, 'consumers')).filter((file) => file.endsWith('.new'))
  expect(unfinished.length).toBeLessThanOrEqual(2)
  return true
}

/** Lets a process that is not killed do the rest, and checks everything that was done. */
async function finished(dataDir: string): Promise<{ events: number; repeated: number; parked: number }> {
  const { store: open, ...kept } = fileStorage({ dataDir, mode: 'run' })
  const store = await open()
  const [noted, indexed] = [[...doneIn(dataDir, 'notes')], [...doneIn(dataDir, 'index')]]
  const notes = reaction('notes', { from: 'beginning' }).on(ParcelPacked, (_data, event, { idempotencyKey }) => {
    noted.push({ stream: event.stream, position: event.position, key: idempotencyKey })
  })
  const index = subscription('index', {
    on: [ParcelPacked],
    from: 'beginning',
    run: (events) => void indexed.push(...events.map(({ stream, position }) => ({ stream, position, key: '-' }))),
  })
  const parked = (await kept.consumers.load('notes'))?.parked.length ?? 0
  const system = startParcels({ reactions: [notes], subscriptions: [index] }, { ...kept, store })
  const { position } = await store.head()
  // The process may have died between a pause and the resume.
  await system.consumers.resume(notes)
  for (const each of [notes, index]) await system.waitFor(each, position, { timeoutMs: 60_000 })
  await until(async () => expect(await system.consumers.show(notes)).toMatchObject({ state: 'running', parked: [] }))
  const keys = new Map<number, string>()
  const streams = new Map<string, number[]>()
  for await (const { events } of store.read([{ types: ['ParcelPacked'] }])) {
    for (const event of events) {
      keys.set(event.position, `notes:${event.id}`)
      streams.set(event.stream, [...(streams.get(event.stream) ?? []), event.position])
    }
  }
  await system.close()
  for (const { position: at, key } of noted) expect(key).toBe(keys.get(at))
  for (const [stream, positions] of streams) {
    inOrder(
      positions,
      noted.filter((each) => each.stream === stream),
    )
  }
  inOrder([...keys.keys()], indexed)
  return { events: keys.size, repeated: noted.length - keys.size, parked }
}

/** After a kill it may go back; it never jumps ahead, and reaches the end. */
function inOrder(positions: readonly number[], done: readonly Note[]): void {
  const indexes = new Map(positions.map((position, index) => [position, index]))
  let latest = -1
  for (const { stream, position } of done) {
    const index = indexes.get(position)!
    if (index > latest + 1) expect.fail(`${stream}: ${position} came before ${positions[latest + 1]}`)
    latest = Math.max(latest, index)
  }
  if (latest !== positions.length - 1) expect.fail(`${positions[latest + 1]} was left out`)
}

// A writer is killed at any moment, again and again: everything that it acknowledged is in the log exactly once.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { draws, hours, long, seed } from '../../../../scripts/campaign.ts'
import { fileStore } from '../../src/file/event-store.ts'
import { verifyLog } from '../../src/log/maintenance/verify.ts'
import type { EventStore } from '../../src/store/port.ts'
import { killedLimits as limits } from './killed.ts'

const kills = long ? 200 : 8
const killsOfALog = 10
const child = new URL('appending-child.ts', import.meta.url).pathname

test(
  `a writer that is killed ${kills} times loses nothing that it acknowledged and doubles nothing`,
  hours,
  async () => {
    const next = draws()
    const total = { kills: 0, acknowledged: 0, events: 0, indexes: 0, opening: 0 }
    let dir = ''
    let ledger: Ledger = new Map()
    for (let kill = 0; kill < kills; kill++) {
      if (kill % killsOfALog === 0) {
        dir = mkdtempSync(join(tmpdir(), 'indelible-kill-'))
        ledger = new Map()
        const made = dir
        onTestFinished(() => rmSync(made, { recursive: true, force: true }))
      }
      const lines = await killed(dir, kill, next)
      total.kills++
      if (!lines.includes('open')) total.opening++
      for (const line of lines) {
        const [c, first, last] = line.split(' ')
        // The last line may be incomplete.
        if (last === undefined) continue
        ledger.set(c!, { first: Number(first), last: Number(last) })
        total.acknowledged++
      }
      // Sometimes by a writer that repairs what is left, sometimes by the next one that is killed.
      if (next(2) === 0) await check(await fileStore({ dir, limits }), ledger)
      else if (ledger.size > 0) await check(await fileStore({ dir, access: 'read' }), ledger)
      if ((kill + 1) % killsOfALog === 0 || kill + 1 === kills) {
        const store = await fileStore({ dir, limits })
        total.events += (await store.head()).position
        await check(store, ledger)
        await verifyLog({ dir })
        total.indexes += readdirSync(dir).filter((name) => name.endsWith('.idx')).length
      }
    }
    console.log(
      `sigkill: ${total.kills} kills (${total.opening} while opening), ${total.acknowledged} commits acknowledged, ` +
        `${total.events} events, ${total.indexes} indexes, 0 lost, 0 doubled, seed ${seed}`,
    )
    expect(total.acknowledged).toBeGreaterThan(5 * kills)
  },
)

/** The reported position of each acknowledged commit. */
type Ledger = Map<string, { readonly first: number; readonly last: number }>

/** Runs a writer and kills it. Returns the complete lines that it printed. */
async function killed(dir: string, round: number, next: (below: number) => number): Promise<string[]> {
  const writer = spawn(process.execPath, ['--conditions=@indelible/source', child, join(dir), String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void writer.kill('SIGKILL'))
  const exit = once(writer, 'exit')
  let said = ''
  const kill = async () => {
    await pause(next(2) * next(10))
    writer.kill('SIGKILL')
  }
  // Counted in lines, because a slow machine prints fewer in the same time. The first lines say that it starts and opens.
  let linesLeft = next(4) === 0 ? 1 + next(3) : 20 + next(300)
  for await (const chunk of writer.stdout!.setEncoding('utf8')) {
    said += chunk
    const isTime = linesLeft > 0
    linesLeft -= chunk.split('\n').length - 1
    if (isTime && linesLeft <= 0) void kill()
  }
  const [code] = await exit
  expect(code, 'the writer ended by itself').toBe(null)
  return said.slice(0, said.lastIndexOf('\n')).split('\n')
}

async function check(store: EventStore, ledger: Ledger): Promise<void> {
  const versions = new Map<string, number>()
  const commits = new Map<string, number>()
  const events: { stream: string; version: number; position: number; data: { c: string; i: number; n: number } }[] = []
  for await (const batch of store.read('all')) {
    for (const { stream, version, position, data } of batch.events) {
      events.push({ stream, version, position, data: data as (typeof events)[number]['data'] })
    }
  }
  for (let at = 0; at < events.length; ) {
    const { c, n } = events[at]!.data
    if (commits.has(c)) expect.fail(`${c} is there twice, at ${commits.get(c)} and ${at + 1}`)
    commits.set(c, at + 1)
    for (let index = 0; index < n; index++, at++) {
      const event = events[at]
      const version = 1 + (versions.get(event?.stream ?? '') ?? 0)
      const fits = event?.position === at + 1 && event.version === version
      if (!fits || event.data.c !== c || event.data.i !== index) {
        expect.fail(`${JSON.stringify(event)} is at ${at + 1}, where event ${index} of ${c} must be`)
      }
      versions.set(event.stream, version)
    }
  }
  for (const [c, { first, last }] of ledger) {
    if (commits.get(c) !== first) expect.fail(`${c}, acknowledged at ${first}, is at ${commits.get(c)}`)
    if (events[last - 1]?.data.c !== c) expect.fail(`${c} does not end at ${last}`)
  }
  for (const [c, { first }] of [...ledger].slice(-20)) expect((await store.findCommit(c))?.firstPosition, c).toBe(first)
  await store.close()
}

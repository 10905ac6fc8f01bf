// A process of 64 clients that append and a follower that reads, while machines fail. They write down what was acknowledged and what was seen; a line counts
// once it is synced.
import { closeSync, fdatasync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type EventStore, isIndelibleError, type StreamName } from 'indelible'
import { postgresStore } from '../src/index.ts'
import type { FailoverOptions } from './failover-support.ts'

const clients = 64
const { dir, connectionString } = JSON.parse(process.argv[2]!) as FailoverOptions
const store = await postgresStore({ connectionString, durability: 'two-machines' })
const acknowledged = ledger('acknowledged')
const seen = ledger('seen')
const over = new AbortController()
process.once('SIGTERM', () => over.abort())
const faults = new Map<string, number>()
process.stdout.write('open\n')

const following = follow(store)
await Promise.all(Array.from({ length: clients }, (_, client) => work(client)))
await following
await store.close()
acknowledged.close()
seen.close()
process.stdout.write(`faults ${JSON.stringify(Object.fromEntries(faults))}\n`)

/** Appends to one stream after the other, each command until it is known to be written. */
async function work(client: number): Promise<void> {
  for (let nth = 0; !over.signal.aborted; nth++) {
    const stream: StreamName = `jar-${client}-${Math.floor(nth / 20)}`
    const commandId = `${client}-${nth}`
    const outcome = await untilAnswered(() =>
      store.append({
        events: [{ stream, type: 'Filled', data: { commandId } }],
        expected: { [stream]: nth % 20 || 'none' },
        commandId,
      }),
    )
    if (outcome.status === 'conflict') throw new Error(`${commandId} met ${JSON.stringify(outcome.conflict)}`)
    await acknowledged.write(`${commandId} ${outcome.firstPosition} ${Date.now()}`)
    await pause(10)
  }
}

/** Follows from the beginning, and after a fault from where it was. */
async function follow({ subscribe }: Pick<EventStore, 'subscribe'>): Promise<void> {
  let after = 0
  while (!over.signal.aborted) {
    await untilAnswered(async () => {
      for await (const { events, through } of subscribe('all', { after, signal: over.signal })) {
        await Promise.all(events.map(({ position, id }) => seen.write(`${position} ${id}`)))
        after = through
      }
    })
  }
}

async function untilAnswered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!isIndelibleError(error) || !['io_failed', 'append_unknown', 'durability_missing'].includes(error.code))
        throw error
      faults.set(error.code, 1 + (faults.get(error.code) ?? 0))
      await pause(100)
    }
  }
}

/** Lines that come at the same time share a sync. */
function ledger(name: string): { write(line: string): Promise<void>; close(): void } {
  const file = openSync(join(dir, name), 'a')
  let waiting: string[] = []
  let syncing: Promise<void> | undefined
  let next: Promise<void> | undefined
  const sync = async () => {
    writeSync(file, waiting.map((line) => `${line}\n`).join(''))
    waiting = []
    next = undefined
    await promisify(fdatasync)(file)
  }
  return {
    write(line) {
      waiting.push(line)
      next ??= (async () => {
        await syncing
        syncing = sync()
        await syncing
      })()
      return next
    },
    close: () => closeSync(file),
  }
}

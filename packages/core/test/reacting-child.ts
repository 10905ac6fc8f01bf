// The process that the kill test of reactions kills: it appends without end; its reaction and its subscription record in files what they did.
import { appendFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { reaction, startSystem, subscription } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { ParcelPacked, parcels } from './parcels-domain.ts'

const [dataDir, round] = process.argv.slice(2) as [string, string]
const streams = 12

const notes = reaction('notes', { from: 'beginning', retries: 2 }).on(
  ParcelPacked,
  async (_data, { stream, position }, { idempotencyKey, attempt }) => {
    // The process that is not killed handles these.
    if (position % 61 === 0) throw new Error('No such street.')
    // Sometimes one fails first, and some take longer.
    if (position % 7 === 0 && attempt === 1) throw new Error('The line is busy.')
    if (position % 5 === 0) await new Promise((resolve) => setTimeout(resolve, position % 4))
    appendFileSync(join(dataDir, 'notes'), `${stream} ${position} ${idempotencyKey}\n`)
  },
)

const index = subscription('index', {
  on: [ParcelPacked],
  from: 'beginning',
  run: (events) => {
    for (const { stream, position } of events) appendFileSync(join(dataDir, 'indexed'), `${stream} ${position} -\n`)
  },
})

const { store, ...kept } = fileStorage({ dataDir, mode: 'run' })
const system = startSystem(parcels({ reactions: [notes], subscriptions: [index] }), {
  ...kept,
  store: await store(),
  tables: memoryTables(),
})
writeSync(1, 'open\n')
for (let serial = 0; ; serial++) {
  const events = Array.from({ length: 1 + (serial % 4) }, (_, index) => ({
    stream: `parcel-${(serial + index) % streams}` as const,
    type: 'ParcelPacked',
    data: { n: serial, round },
  }))
  await system.store.append({ events })
  // It is paused now and then, to be killed at such a moment too.
  if (serial % 40 === 39) {
    await system.consumers.pause(notes)
    await system.consumers.resume(notes)
  }
  if (serial % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 2))
}

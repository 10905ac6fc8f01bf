// Eight processes compete on one log in Postgres: nothing is created, taken or left twice, and what each believes is what the log says.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import type { RecordedEvent } from 'indelible'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { hours, long } from '../../../scripts/campaign.ts'
import { postgresStore } from '../src/log/index.ts'
import type { Race, Won } from './racing-child.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(async () => await server?.remove())

const racers = 8
const runs = long ? 30 : 1
const counts = { streams: 50, values: 50, pairs: 20 }

test(
  'of eight processes one creates a stream, one takes a value, and one of two doctors goes home',
  hours,
  async () => {
    for (let run = 0; run < runs; run++) {
      const log = `race-${run}`
      const race = { connectionString: server.connectionString, log, ...counts }
      const processes = Array.from({ length: racers }, (_, racer) => started({ ...race, racer }))
      await Promise.all(processes.map(({ ready }) => ready))
      for (const { child } of processes) child.stdin!.write('go\n')
      const won = await Promise.all(processes.map(({ result }) => result))

      const store = await postgresStore({ connectionString: server.connectionString, log })
      const events = (await Array.fromAsync(store.read('all'))).flatMap(({ events }) => events)
      await store.close()
      expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index + 1))
      const winners = (type: string, key: (event: RecordedEvent) => string) =>
        new Map(
          events
            .filter((event) => event.type === type)
            .map((event) => [key(event), (event.data as { racer: number }).racer]),
        )
      const expectOne = (
        type: string,
        each: number,
        { key, of }: { key: (event: RecordedEvent) => string; of: keyof Won },
      ) => {
        expect(events.filter((event) => event.type === type)).toHaveLength(each)
        const found = winners(type, key)
        expect(found.size).toBe(each)
        const believed = won.flatMap((one, racer) => one[of].map((n) => [String(n), racer] as const))
        expect(new Map(believed)).toEqual(found)
        expect(believed).toHaveLength(each)
      }
      const tagged = ({ tags }: RecordedEvent) => tags[0]!.split(':')[1]!
      expectOne('Created', counts.streams, { key: ({ streamId }) => streamId, of: 'streams' })
      expectOne('Registered', counts.values, { key: tagged, of: 'values' })
      expectOne('WentHome', counts.pairs, { key: tagged, of: 'pairs' })
    }
  },
)

function started(race: Race): { child: ChildProcess; ready: Promise<void>; result: Promise<Won> } {
  const module = new URL('racing-child.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@indelible/source', module, JSON.stringify(race)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [ready, result] = [Promise.withResolvers<void>(), Promise.withResolvers<Won>()]
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (line === 'ready') ready.resolve()
    else result.resolve(JSON.parse(line) as Won)
  })
  child.once('exit', (code) => {
    const ended = new Error(`A racer ended with ${code} before it said what it won.`)
    ready.reject(ended)
    result.reject(ended)
  })
  return { child, ready: ready.promise, result: result.promise }
}

// A process that competes with others for the same names: it is told where, and prints what it won.
import type { Query } from 'indelible'
import { postgresStore } from '../src/log/index.ts'

export interface Race {
  readonly connectionString: string
  readonly log: string
  readonly racer: number
  /** The streams that each process tries to create, the values that each tries to take, and the pairs of doctors of whom one must stay on call. */
  readonly streams: number
  readonly values: number
  readonly pairs: number
}

/** Numbers of what a process won. */
export interface Won {
  readonly streams: readonly number[]
  readonly values: readonly number[]
  readonly pairs: readonly number[]
}

async function race({ connectionString, log, racer, ...counts }: Race): Promise<Won> {
  const store = await postgresStore({ connectionString, log, max: 4 })
  const won = { streams: [] as number[], values: [] as number[], pairs: [] as number[] }
  const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
  const data = { racer }
  console.log('ready')
  await new Promise((resolve) => process.stdin.once('data', resolve))

  const creating = numbers(counts.streams).map(async (n) => {
    const stream = `thing-${n}` as const
    const outcome = await store.append({ events: [{ stream, type: 'Created', data }], expected: { [stream]: 'none' } })
    if (outcome.status === 'written') won.streams.push(n)
  })
  const taking = numbers(counts.values).map(async (n) => {
    const tags = [`email:${n}`]
    const event = { stream: `user-${racer}x${n}`, type: 'Registered', data, tags } as const
    const condition = { failIfEventsMatch: [{ types: ['Registered'], tags }] }
    const outcome = await store.append({ events: [event], condition, commandId: `register-${racer}-${n}` })
    if (outcome.status === 'written') won.values.push(n)
  })
  // Write skew: each of two doctors may go home as long as the other one stays, and each writes to a stream of its own.
  const leaving = numbers(counts.pairs).map(async (n) => {
    const onCall: Query = [{ types: ['WentHome'], tags: [`ward:${n}`] }]
    for (;;) {
      const { position: after } = await store.head()
      const gone = (await Array.fromAsync(store.read(onCall))).flatMap(({ events }) => events)
      if (gone.length > 0) return
      const event = { stream: `doctor-${n}x${racer}`, type: 'WentHome', data, tags: [`ward:${n}`] } as const
      const outcome = await store.append({ events: [event], condition: { failIfEventsMatch: onCall, after } })
      if (outcome.status === 'written') won.pairs.push(n)
    }
  })
  await Promise.all([...creating, ...taking, ...leaving])
  await store.close()
  return won
}

const [, , given] = process.argv
if (given !== undefined) console.log(JSON.stringify(await race(JSON.parse(given) as Race)))
process.exit()

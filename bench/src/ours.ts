// Our file store behind the interface of the peers.
import { fileStore } from 'indelible/file'
import { check } from './check.ts'
import type { Payload } from './payload.ts'
import { eventType, type Peer, type Subject } from './subject.ts'

type Store = Awaited<ReturnType<typeof fileStore>>

export const ours: Peer = {
  name: 'ours',
  open: async (dir) => subjectOf(await fileStore({ dir })),
}

export function subjectOf(store: Store): Subject {
  return {
    async append(stream, version, payloads) {
      const events = payloads.map((data) => ({ stream, type: eventType, data }))
      const outcome = await store.append({ events, expected: { [stream]: version === 0 ? 'none' : version } })
      if (outcome.status !== 'written') throw new Error(`${stream} is not at version ${version}: ${outcome.status}`)
    },
    async readStream(stream) {
      const found: Payload[] = []
      for await (const { events } of store.read([{ streams: [stream] }])) {
        for (const event of events) {
          check(event.stream === stream && event.version === found.length + 1, `${stream} is read without a gap`)
          found.push(event.data as Payload)
        }
      }
      return found
    },
    async scan(visit) {
      for await (const { events } of store.read('all')) for (const event of events) visit(event.data as Payload)
    },
    count: async () => (await store.head()).position,
    close: () => store.close(),
  }
}

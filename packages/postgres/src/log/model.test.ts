// The store in Postgres answers as the memory store does: a batch is as if its commits came one after the other, in the order of its rounds.
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import fc from 'fast-check'
import type { Commit, EventStore, Query, ReadOptions, RecordedEvent } from 'indelible'
import { encodeCommit } from 'indelible/adapter'
import { memoryStore } from 'indelible/memory'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { long } from '../../../../scripts/campaign.ts'
import { commandIds, commit, options, query } from '../../../core/test/store-draws.ts'
import { postgresStore } from './event-store.ts'
import { inRounds } from './rounds.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(async () => await server?.remove())

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ append: fc.array(commit, { minLength: 1, maxLength: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ read: query, options }) },
)

test('a store in Postgres gives the same answers as a memory store', { timeout: 60 * 60_000 }, async () => {
  let logs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const model = memoryStore()
      const store = await postgresStore({ connectionString: server.connectionString, log: `model-${++logs}` })
      try {
        for (const step of steps) {
          if ('append' in step) {
            const commits = step.append as unknown as Commit[]
            const outcomes = await Promise.all(commits.map((commit) => outcomeOf(store, commit)))
            for (const index of orderOf(commits))
              expect(withoutTime(outcomes[index])).toEqual(withoutTime(await outcomeOf(model, commits[index]!)))
          } else {
            const range = step.options as ReadOptions
            expect(await found(store, step.read, range)).toEqual(await found(model, step.read, range))
          }
        }
        for (const reserved of [false, true])
          expect(await found(store, 'all', { reserved })).toEqual(await found(model, 'all', { reserved }))
        expect(await store.countTypes()).toEqual(await model.countTypes())
        for (const id of commandIds)
          expect(withoutTime(await store.findCommit(id))).toEqual(withoutTime(await model.findCommit(id)))
      } finally {
        await store.close()
      }
    }),
    { numRuns: long ? 2_000 : 40 },
  )
})

/** In which order the commits of a batch come. */
function orderOf(commits: readonly Commit[]): number[] {
  const encoded = commits.map((commit) => encodeCommit(commit, { reserved: true }))
  return inRounds(encoded).flatMap((round) => round.commits.map((each) => encoded.indexOf(each)))
}

const outcomeOf = (store: EventStore, commit: Commit) => store.append(commit, { reserved: true })

function withoutTime(outcome: object | undefined): object | undefined {
  return outcome && { ...outcome, recordedAt: undefined }
}

async function found(store: EventStore, query: Query, options: ReadOptions = {}): Promise<unknown[]> {
  const batches = await Array.fromAsync(store.read(query, options))
  return batches.flatMap(({ events }) => events.map(fieldsOf))
}

/** Time and ids are not those of the model. */
function fieldsOf(event: RecordedEvent) {
  const { stream, version, position, type, schemaVersion, contentType, tags, validAt } = event
  const [data, metadata] = [[...event.dataBytes], [...event.metadataBytes]]
  return { stream, version, position, type, schemaVersion, contentType, tags: [...tags], validAt, data, metadata }
}

// Copies of logs in Postgres. They are for whoever administers the database: the role of an application may not do this.
import { setTimeout as pause } from 'node:timers/promises'
import { type EventStore, epochMs, IndelibleError, type Position, type RecordedEvent, type StreamName } from 'indelible'
import {
  type CommitRange,
  type CopiedLog,
  type CopySource,
  type CopyTarget,
  checkFollows,
  commitsIn,
  copyMismatch,
  encodedAgain,
  type OpenCopyTarget,
  type RecordedCommit,
  retired,
} from 'indelible/adapter'
import { encodedRounds } from './batch.ts'
import { BinaryWriter } from './binary.ts'
import { type LogDatabase, sharedDatabase } from './database.ts'
import { type PostgresStoreOptions, postgresStore } from './event-store.ts'
import { isRefusal, toCopyError } from './faults.ts'
import { Kinds } from './kinds.ts'
import * as limits from './limits.ts'
import { Partitions } from './partitions.ts'
import { idBytes, type Round, type RoundStream } from './rounds.ts'
import { checkedLog, checkedSchema, install, installedVersion } from './schema/install.ts'
import type { TextRow } from './text-query.ts'
import { channelOf } from './wakeups.ts'

export type PostgresCopyOptions = Pick<PostgresStoreOptions, 'connectionString' | 'schema' | 'log'>

interface Place {
  readonly database: LogDatabase
  readonly schema: string
  readonly name: string
  readonly log: number
  readonly store: EventStore
}

/** Throws `store_missing`, and what `postgresStore` throws. */
export async function postgresCopySource(options: PostgresCopyOptions): Promise<CopySource> {
  const { database, schema, name } = await openedDatabase(options)
  try {
    const isMade = (await installedVersion(database.read, schema)) !== undefined
    const sql = `SELECT id FROM ${schema}.logs WHERE name = $1`
    const [found] = isMade ? await database.read(sql, [name]) : []
    if (!found) throw new IndelibleError('store_missing', `The schema "${schema}" has no log "${name}".`)
    const place = { database, schema, name, log: Number(found[0]), store: await postgresStore({ ...options }) }
    const { query } = database
    return {
      ...copied(place),
      async waitBeyond(after, signal) {
        const { subscribe } = place.store
        for await (const { through } of subscribe('all', { after, signal, reserved: true })) if (through > after) return
      },
      async retire(copyId) {
        const [[holder]] = await told(query(`SELECT ${schema}.retire_log($1, $2)`, [place.log, copyId]))
        if (holder !== copyId) throw retired(whereOf(place))
      },
      async reopen() {
        await told(query(`SELECT ${schema}.reopen_log($1)`, [place.log]))
      },
    }
  } catch (error) {
    await database.close()
    throw toCopyError(error)
  }
}

/** Makes the schema if it is not there. */
export function postgresCopyTarget(options: PostgresCopyOptions): OpenCopyTarget {
  return async (logId) => {
    const { database, schema, name } = await openedDatabase(options)
    try {
      if ((await installedVersion(database.read, schema)) === undefined) await install(database, schema)
      const sql = `SELECT id, log_id, copy_state, copy_id, (SELECT partition_events FROM ${schema}.layout), to_regtype($3)::oid FROM ${schema}.open_copy($1, $2)`
      const [made] = await database.query(sql, [name, logId, `${schema}.round`])
      if (!made) {
        const [[other]] = (await database.query(`SELECT name FROM ${schema}.logs WHERE log_id = $1`, [logId])) as [
          TextRow,
        ]
        const message = `The schema "${schema}" has this very log already, under the name "${other}". Use that name, or another schema.`
        throw copyMismatch('other-log', message)
      }
      const [log, found, state, copyId, size, roundOid] = made
      const where = `The schema "${schema}" of the database`
      if (found !== logId) throw copyMismatch('other-log', `${where} has another log "${name}". Choose another name.`)
      if (state !== 'unfinished')
        throw copyMismatch('finished', `${where} has a log "${name}" that is no unfinished copy. Choose another name.`)
      const place = { database, schema, name, log: Number(log), store: await postgresStore({ ...options }) }
      const receiver = new Receiver(place, { logId, roundOid: Number(roundOid), size: Number(size) })
      return {
        ...copied(place),
        copyId: copyId!,
        receive: (commits) => receiver.receive(commits),
        async finish() {
          await told(database.query(`SELECT ${schema}.finish_copy($1, $2)`, [place.log, copyId]))
        },
      } satisfies CopyTarget
    } catch (error) {
      await database.close()
      throw toCopyError(error)
    }
  }
}

async function openedDatabase({ connectionString, schema: given = 'indelible', log = 'main' }: PostgresCopyOptions) {
  const [schema, name] = [checkedSchema(given), checkedLog(log)]
  return { schema, name, database: await sharedDatabase({ connectionString }, schema) }
}

/** Faults as they are told to whoever copies. */
function told(rows: Promise<readonly TextRow[]>): Promise<[TextRow, ...TextRow[]]> {
  return rows.catch((error) => {
    throw toCopyError(error)
  }) as Promise<[TextRow, ...TextRow[]]>
}

function whereOf({ schema, name }: Place): string {
  return `the database (log "${name}" of the schema "${schema}")`
}

function copied({ database, schema, log, store }: Place): CopiedLog {
  return {
    head: () => store.head(),
    historyAt: (position) => store.historyAt(position),
    commits(range) {
      const known = new Map<Position, { readonly commandId: string; readonly count: number }>()
      const events = withCommands(range, known)
      return commitsIn(events, ({ position }) => {
        const commit = known.get(position) ?? { commandId: undefined, count: 1 }
        known.delete(position)
        return commit
      })
    },
    async close() {
      await store.close()
      await database.close()
    },
  }

  /** The events of a range. Before each batch it learns which commits begin there. */
  async function* withCommands(
    { after, to }: CommitRange,
    known: Map<Position, { readonly commandId: string; readonly count: number }>,
  ): AsyncGenerator<{ readonly events: readonly RecordedEvent[] }> {
    const sql = `SELECT first_position, events, id FROM ${schema}.commands_between($1, $2, $3)`
    for await (const batch of store.read('all', { from: after + 1, to, reserved: true })) {
      const rows = await told(database.read(sql, [log, batch.events[0]!.position, batch.through]))
      for (const [first, count, commandId] of rows)
        known.set(Number(first), { commandId: commandId!, count: Number(count) })
      yield batch
    }
  }
}

class Receiver {
  readonly #place: Place
  readonly #names: { readonly logId: string; readonly roundOid: number; readonly kindOf: Kinds['numberOf'] }
  readonly #kinds: Kinds
  readonly #partitions: Partitions
  readonly #bytes = new BinaryWriter()
  #head: { readonly position: Position; readonly recordedAt: string | null } | undefined

  constructor(place: Place, { logId, roundOid, size }: { logId: string; roundOid: number; size: number }) {
    const { database, schema, log } = place
    this.#place = place
    this.#kinds = new Kinds({ query: database.query, schema, log })
    this.#names = { logId, roundOid, kindOf: this.#kinds.numberOf }
    this.#partitions = new Partitions(database.query, { schema, size })
  }

  async receive(commits: readonly RecordedCommit[]): Promise<void> {
    try {
      for (const batch of inBatches(commits)) await this.#receiveBatch(batch)
    } catch (error) {
      this.#head = undefined
      throw toCopyError(error)
    }
  }

  async #receiveBatch(commits: readonly RecordedCommit[]): Promise<void> {
    this.#head ??= await this.#place.store.head()
    const head = this.#head
    const versions = new Map<StreamName, number>()
    let { position, recordedAt: lastRecordedAt } = head
    for (const commit of commits) {
      // The database compares the first version of each stream.
      const firstOf = (stream: StreamName) => commit.events.find((event) => event.stream === stream)!.version - 1
      const versionOf = (stream: StreamName) => versions.get(stream) ?? firstOf(stream)
      checkFollows(commit, { head: position, lastRecordedAt, versionOf })
      for (const { stream, version } of commit.events) versions.set(stream, version)
      position += commit.events.length
      lastRecordedAt = commit.events[0]!.recordedAt
    }
    const round = roundOf(commits)
    await this.#kinds.learn(round.commits)
    const times = commits.flatMap(({ events }) => events.map(({ recordedAt }) => epochMs(recordedAt)))
    await this.#written(round, { after: head.position, times })
    this.#head = { position, recordedAt: lastRecordedAt }
    this.#partitions.reached(position)
  }

  /** Once, also where the connection breaks before the answer: then the head of the log says whether it was written. */
  async #written(round: Round, { after, times }: { after: Position; times: readonly number[] }): Promise<void> {
    const { database, schema, log, store } = this.#place
    const rounds = () => encodedRounds(this.#bytes, [round], this.#names)
    for (let tries = 1; ; tries++) {
      try {
        const values = [log, after, channelOf(schema), rounds(), times]
        await database.query(`SELECT ${schema}.receive($1, $2, $3, $4, $5)`, values, { name: `${schema}.receive` })
        return
      } catch (error) {
        if (isRefusal(error) && (error as { code?: string }).code === '23514')
          await this.#partitions.makeFor(after, times.length)
        else if (isRefusal(error) || tries === triesMax) throw error
        else {
          await pause(Math.min(limits.reconnectMsMax, limits.reconnectMsMin * 2 ** tries))
          const { position } = await store.head()
          if (position === after + times.length) return
        }
      }
    }
  }
}

const triesMax = 8

/** Whole commits, as many as fit into a statement. */
function* inBatches(commits: readonly RecordedCommit[]): Generator<readonly RecordedCommit[]> {
  let batch: RecordedCommit[] = []
  let bytes = 0
  for (const commit of commits) {
    const size = commit.events.reduce(
      (sum, { dataBytes, metadataBytes }) => sum + dataBytes.length + metadataBytes.length,
      0,
    )
    if (batch.length > 0 && bytes + size > limits.batchBytesMax) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(commit)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

/** One round in which each stream expects its version before. */
function roundOf(commits: readonly RecordedCommit[]): Round {
  const streams: RoundStream[] = []
  const numbers = new Map<StreamName, number>()
  const [eventStreams, eventNths]: [number[], number[]] = [[], []]
  const eventIds: Uint8Array[] = []
  for (const { events } of commits) {
    for (const { id, stream, version } of events) {
      const number =
        numbers.get(stream) ?? streams.push({ name: stream, commit: 0, wanted: version - 1, events: 0 }) - 1
      numbers.set(stream, number)
      eventStreams.push(number)
      eventNths.push(++streams[number]!.events)
      eventIds.push(idBytes(id))
    }
  }
  const encoded = commits.map(({ commandId, events }) => {
    return { commandId, events: events.map(encodedAgain), expected: [], condition: undefined }
  })
  return { commits: encoded, streams, eventStreams, eventNths, eventIds }
}

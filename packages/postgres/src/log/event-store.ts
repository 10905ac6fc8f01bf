// The event store in Postgres. Any number of processes write it, read it and follow it.
import { randomUUID } from 'node:crypto'
import {
  type AppendOutcome,
  position as checkedPosition,
  type Durability,
  type Head,
  IndelibleError,
  type InlineStore,
  instant,
  type Position,
  type SharedStore,
  type StreamName,
  type Version,
  type WrittenCommit,
} from 'indelible'
import { encodeCommit, historyName, lastMsOf, lastVersions, throwIfAborted } from 'indelible/adapter'
import { gathered, type PoolOptions } from '../database/index.ts'
import { Appender } from './appender.ts'
import { writtenBy } from './batch.ts'
import { type LogDatabase, sharedDatabase } from './database.ts'
import { assertNotMoved, toStoreError } from './faults.ts'
import { InlineTransactions } from './inline.ts'
import { Kinds } from './kinds.ts'
import * as limits from './limits.ts'
import { Partitions } from './partitions.ts'
import { firstOfStreams, followLog, type LogReader, readLog, readOn, type StreamRange } from './reader.ts'
import { replayLog } from './replay/replaying.ts'
import { StreamNames } from './replay/stream-names.ts'
import { checkedLog, checkedSchema, install, installedVersion, layoutVersion } from './schema/install.ts'
import { durabilities, settingsOf } from './settings.ts'
import { Tail } from './tail.ts'
import type { TextRow } from './text-query.ts'
import { WriteHealth } from './write-health.ts'
import { Writer } from './writer.ts'

/** All other options are passed to pg.Pool (https://node-postgres.com/apis/pool). */
export interface PostgresStoreOptions extends PoolOptions {
  /** The schema of the logs, `indelible` by default. */
  readonly schema?: string
  /** The name of the log in its schema, `main` by default. A schema may have many. */
  readonly log?: string
  /** The maximum number of connections, 10 by default, shared by all logs that are opened with the same options; and one that listens. */
  readonly max?: number
  /** How long an append waits for a database that does not answer, 30,000 ms by default. */
  readonly outageMsMax?: number
  /**
   * What an acknowledged append must survive; whatever the server gives when it is left out. A server that cannot do it is refused, and later an append to it.
   * Where it can but does not by itself, the store asks it for that.
   */
  readonly durability?: Durability
}

/** Opens a log, and makes it if it is not there. Throws `store_missing`, `log_format_unknown`, `store_read_only`, `io_failed`, `invalid_declaration`. */
export async function postgresStore({
  schema: givenSchema = 'indelible',
  log: givenLog = 'main',
  outageMsMax = limits.outageMsMax,
  durability,
  ...poolOptions
}: PostgresStoreOptions): Promise<InlineStore & SharedStore> {
  const [schema, name] = [checkedSchema(givenSchema), checkedLog(givenLog)]
  const database = await sharedDatabase(poolOptions, schema)
  try {
    await prepare(database, schema)
    return await openLog(database, { schema, name, outageMsMax, durability })
  } catch (error) {
    await database.close()
    throw toStoreError(error)
  }
}

async function prepare(database: LogDatabase, schema: string): Promise<void> {
  if ((await installedVersion(database.read, schema)) === undefined) await install(database, schema)
  const version = await installedVersion(database.read, schema)
  if (version === layoutVersion) return
  const message = `The schema "${schema}" has layout ${version}, and this version of Indelible needs ${layoutVersion}.`
  throw new IndelibleError('log_format_unknown', message)
}

async function openLog(
  database: LogDatabase,
  {
    schema,
    name,
    outageMsMax,
    durability,
  }: { schema: string; name: string; outageMsMax: number; durability: Durability | undefined },
): Promise<InlineStore & SharedStore> {
  const { query, read } = database
  const [[log, logId]] = await idsOf(`SELECT id, log_id FROM ${schema}.open_log($1)`, [name])
  const [[roundOid, partitionEvents, stretchEvents]] = await idsOf(
    `SELECT to_regtype($1)::oid, partition_events, stretch_events FROM ${schema}.layout`,
    [`${schema}.round`],
  )
  const logNumber = Number(log)
  const kinds = new Kinds({ query: read, schema, log: logNumber })
  const names = new StreamNames(read, schema)
  const partitions = new Partitions(query, { schema, size: Number(partitionEvents) })
  const look = () => settingsOf(read, schema, durability)
  const health = new WriteHealth(
    async () => {
      const [settings, [state]] = await Promise.all([
        look(),
        read(`SELECT copy_state FROM ${schema}.logs WHERE id = $1`, [logNumber]),
      ])
      assertNotMoved(state![0])
      return settings
    },
    await look(),
  )
  let closing: Promise<void> | undefined

  async function idsOf(sql: string, values: readonly unknown[]): Promise<[string[]]> {
    return (await read(sql, values)) as unknown as [string[]]
  }

  const writerOptions = {
    query,
    schema,
    log: logNumber,
    names: { logId: logId!, roundOid: Number(roundOid), kindOf: kinds.numberOf },
    durability: durability === undefined ? 0 : durabilities.indexOf(durability),
    makePartitions: async (events: number) => {
      const { position } = await headNow()
      await partitions.makeFor(position, events)
    },
  }

  const writers = new Set<string>()
  const listeners = new Set<(stream: StreamName, version: Version) => void>()
  const tail = new Tail({
    async read(after, to) {
      const events = await readOn(reader, after, to)
      for (const tell of listeners) for (const { stream, version } of events) tell(stream, version)
      return events
    },
    // What this process wrote, it knows from the answer. If the answer is lost, the next poll says how far the log reaches.
    watch: () =>
      database.wakeups.watch(logNumber, (head, writer) => {
        if (writer === undefined || !writers.has(writer)) tail.heard(head)
      }),
  })
  const reader: LogReader = {
    query: read,
    schema,
    log: logNumber,
    logId: logId!,
    kinds,
    assertOpen: () => tail.assertOpen(),
    firstOfStream: gathered((ranges: readonly StreamRange[]) => firstOfStreams(reader, ranges), limits.readTogether),
  }

  const inline = new InlineTransactions(database, reader)

  const appender = new Appender({
    newWriter: () => {
      const writer = randomUUID()
      writers.add(writer)
      return new Writer({ ...writerOptions, inline, writer })
    },
    outageMsMax,
    learnKinds: kinds.learn,
    written({ rounds, answer, head, ms }) {
      health.written(ms, answer.durability)
      tail.wrote(head, () => writtenBy(rounds, answer))
      partitions.reached(head)
    },
    refused: (fault, appends) => health.refused(fault, appends),
  })

  const ask = async (sql: string, values: readonly unknown[] = []): Promise<readonly TextRow[]> => {
    tail.assertOpen()
    try {
      return await read(sql, values)
    } catch (error) {
      tail.assertOpen()
      throw toStoreError(error)
    }
  }

  const headNow = async (): Promise<Head> => {
    const [row] = await ask(`SELECT head, ${msOf('recorded_at')} FROM ${schema}.logs WHERE id = $1`, [logNumber])
    const position = Number(row![0])
    return { position, recordedAt: row![1] === null ? null : instant(Number(row![1])) }
  }

  /** The id of an event and its time; nothing where there is none. */
  const eventAt = gathered(async (positions: readonly Position[]): Promise<readonly TextRow[]> => {
    // The limit makes each a probe of the index.
    const sql = `SELECT e.id, ${msOf('e.recorded_at')} FROM unnest($2::int8[]) WITH ORDINALITY a(position, nth)
      LEFT JOIN LATERAL (SELECT * FROM ${schema}.events e WHERE e.log = $1 AND e.position = a.position LIMIT 1) e ON true ORDER BY a.nth`
    return await ask(sql, [logNumber, positions])
  }, limits.readTogether)

  const commitAt = async (firstPosition: Position, events: number): Promise<WrittenCommit> => {
    const rows = await ask(
      `SELECT s.name, e.version, ${msOf('e.recorded_at')} FROM ${schema}.events e JOIN ${schema}.streams s ON s.id = e.stream
       WHERE e.log = $1 AND e.position >= $2 AND e.position < $2::int8 + $3 ORDER BY e.position`,
      [logNumber, firstPosition, events],
    )
    const recorded = rows.map(([stream]) => ({ stream: stream as `${string}-${string}` }))
    const versions = lastVersions(recorded, (index) => Number(rows[index]![1]))
    return {
      firstPosition,
      lastPosition: firstPosition + events - 1,
      versions,
      recordedAt: instant(Number(rows[0]![2])),
    }
  }

  return {
    inline,
    hearOthers(tell) {
      listeners.add(tell)
      return () => void listeners.delete(tell)
    },
    async append(commit, options = {}): Promise<AppendOutcome> {
      tail.assertOpen()
      throwIfAborted(options.signal)
      const outcome = await appender.append(encodeCommit(commit, options), options.signal)
      if (outcome.status !== 'earlier') return outcome
      return { status: 'duplicate', ...(await commitAt(outcome.firstPosition, outcome.events)) }
    },
    async findCommit(commandId) {
      const sql = `SELECT first_position, events FROM ${schema}.commands WHERE log = $1 AND id = $2`
      const [found] = await ask(sql, [logNumber, commandId])
      return found && (await commitAt(Number(found[0]), Number(found[1])))
    },
    read: (query, options) => readLog(reader, query, options),
    replay: (types, options) =>
      replayLog({ ...reader, database, names, stretchEvents: Number(stretchEvents) }, types, options),
    subscribe: (query, options) => followLog(reader, tail, query, options),
    head: headNow,
    async positionAt(time, options) {
      // Nothing was recorded before 1970.
      const lastMs = Math.max(-1, lastMsOf(time, options))
      const [row] = await ask(`SELECT ${schema}.position_at($1, $2)`, [logNumber, instant(lastMs)])
      return Number(row![0])
    },
    async historyAt(position) {
      const at = checkedPosition(position)
      if (at === 0) {
        tail.assertOpen()
        return historyName(logId!, undefined)
      }
      const [id, ms] = await eventAt(at)
      return id === null ? undefined : historyName(logId!, { id: id!, recordedAt: instant(Number(ms)) })
    },
    async countTypes() {
      const sql = `SELECT type, sum(events) FROM ${schema}.kinds WHERE log = $1 AND events > 0 GROUP BY type`
      return new Map((await ask(sql, [logNumber])).map(([type, count]) => [type!, Number(count)]))
    },
    async health() {
      tail.assertOpen()
      return await health.now()
    },
    close() {
      closing ??= (async () => {
        tail.close()
        await appender.idle()
        await database.close()
      })()
      return closing
    },
  }
}

function msOf(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000)::int8`
}

// Writes one batch after the other under a name and a number, so that the database can say what became of one whose answer was lost.
import { instant, type Version } from 'indelible'
import { type BatchAnswer, type BatchNames, encodedRounds, type Failure } from './batch.ts'
import { BinaryWriter } from './binary.ts'
import { isRefusal } from './faults.ts'
import type { Append, InlineTransactions } from './inline.ts'
import * as limits from './limits.ts'
import type { Round } from './rounds.ts'
import type { TextQuery } from './text-query.ts'
import { channelOf } from './wakeups.ts'

export interface WriterOptions {
  readonly query: TextQuery
  readonly schema: string
  readonly log: number
  readonly names: BatchNames
  readonly writer: string
  /** What an acknowledgement must survive; see `durabilities`. */
  readonly durability: number
  /** Makes the partitions for so many events behind the head. */
  readonly makePartitions: (events: number) => Promise<void>
  readonly inline: InlineTransactions
}

export class Writer {
  readonly #options: WriterOptions
  readonly #bytes = new BinaryWriter()
  #batch = 0
  /** A batch that was sent, and whose answer did not come. */
  #unsettled: readonly Round[] | undefined

  constructor(options: WriterOptions) {
    this.#options = options
  }

  get isUnsettled(): boolean {
    return this.#unsettled !== undefined
  }

  /**
   * Writes these rounds once, however often it is called with them: after an error that leaves open what was written, the next call finds that out first.
   * Throws errors of the driver.
   */
  async write(rounds: readonly Round[]): Promise<BatchAnswer> {
    if (this.#unsettled) {
      const answer = await this.#settle(rounds)
      this.#unsettled = undefined
      if (answer) return answer
    }
    const { inline, schema, log, names, writer, durability } = this.#options
    const parameters = [
      log,
      writer,
      ++this.#batch,
      durability,
      channelOf(schema),
      encodedRounds(this.#bytes, rounds, names),
    ]
    this.#unsettled = rounds
    try {
      const append: Append = async (query) => {
        const rows = await query(`SELECT * FROM ${schema}.append($1, $2, $3, $4, $5, $6)`, parameters, {
          name: `${schema}.append`,
          timeoutMs: limits.batchMsMax,
        })
        const [head, recordedMs, versions, failures, survives] = rows[0] as readonly string[]
        return {
          ...answerOf(head!, recordedMs!, { versions: JSON.parse(versions!), failures: failures! }),
          durability: Number(survives),
        }
      }
      const answer = await inline.appending(append, rounds)
      this.#unsettled = undefined
      return answer
    } catch (error) {
      if (isRefusal(error)) this.#unsettled = undefined
      if (!isMissingPartition(error)) throw error
      await this.#options.makePartitions(rounds.reduce((sum, { eventStreams }) => sum + eventStreams.length, 0))
      return await this.write(rounds)
    }
  }

  /** The answer that was lost; nothing if the batch was not written, which it then never will be. */
  async #settle(rounds: readonly Round[]): Promise<BatchAnswer | undefined> {
    const { query, schema, log, writer } = this.#options
    const rows = await query(`SELECT * FROM ${schema}.settle_batch($1, $2, $3)`, [log, writer, this.#batch])
    const [head, recordedMs, failures] = rows[0]!
    if (head === null) return undefined
    const answer = answerOf(head!, recordedMs!, { versions: [], failures: failures! })
    const events = rounds.reduce((sum, { eventStreams }) => sum + eventStreams.length, 0)
    const sql = `SELECT version FROM ${schema}.events WHERE log = $1 AND position > $2 AND position <= $3 ORDER BY position`
    const written = await query(sql, [log, answer.head, answer.head + events])
    return {
      ...answer,
      versions: versionsBefore(
        rounds,
        answer.failures,
        written.map(([version]) => Number(version)),
      ),
    }
  }
}

function answerOf(
  head: string,
  recordedMs: string,
  { versions, failures }: { versions: readonly Version[]; failures: string },
): BatchAnswer {
  const recordedAt = instant(Number(recordedMs))
  return { head: Number(head), recordedAt, versions, failures: JSON.parse(failures) as Failure[] }
}

/** The version of each stream before the batch, from those of the events that were written. */
function versionsBefore(
  rounds: readonly Round[],
  failures: readonly Failure[],
  written: readonly Version[],
): Version[] {
  const failed = new Set(failures.map(([round, commit]) => `${round} ${commit}`))
  const versions: Version[] = []
  let next = 0
  rounds.forEach((round, roundIndex) => {
    const firstStream = versions.length
    for (const _ of round.streams) versions.push(0)
    let event = 0
    round.commits.forEach(({ events }, index) => {
      for (let at = 0; at < events.length; at++, event++) {
        if (failed.has(`${roundIndex + 1} ${index + 1}`)) continue
        versions[firstStream + round.eventStreams[event]!] = written[next++]! - round.eventNths[event]!
      }
    })
  })
  return versions
}

/** No partition of a table has the position. */
function isMissingPartition(error: unknown): boolean {
  return isRefusal(error) && (error as { code: string }).code === '23514'
}

// The stored record of one consumer: read once, then changed by one action after the other, so that none overwrites what another has just stored. Where
// processes share it, each change is made of the newest revision, and who runs the consumer no longer changes nothing.
import { IndelibleError } from '../../kernel/errors.ts'
import { timer } from '../../kernel/timers.ts'
import type { ConsumerRecord, ConsumerRecords } from '../../store/consumers.ts'
import type { Holding, Term } from '../leases/index.ts'
import { recordMsMax } from '../limits.ts'

export interface StoredRecordOptions {
  readonly name: string
  readonly records: ConsumerRecords
  /** The record of a consumer that has none yet. */
  readonly begin: () => Promise<ConsumerRecord>
  /** The lease of whoever runs the consumer. */
  readonly holding: Holding
  /** Another process has changed it while this one runs the consumer: what an operator did there. */
  readonly changed?: (record: ConsumerRecord) => void
}

export class StoredRecord {
  readonly #options: StoredRecordOptions
  #current: ConsumerRecord | undefined
  /** The term in which it was read. */
  #term: Term | undefined
  #loading: Promise<ConsumerRecord> | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: StoredRecordOptions) {
    this.#options = options
  }

  /** Nothing before it was read. */
  get current(): ConsumerRecord | undefined {
    return this.#current
  }

  /**
   * Reads it, or makes the first one. Where processes share it, what was read is kept only in the term in which this process runs the consumer.
   * Throws what the store of records throws; the next call tries again.
   */
  async load(): Promise<ConsumerRecord> {
    const { holding } = this.#options
    if (this.#current && (!holding.isShared || (holding.term && this.#term === holding.term))) return this.#current
    this.#loading ??= this.#load(holding.term).finally(() => {
      this.#loading = undefined
    })
    return await this.#loading
  }

  /** Stores what a function makes of it. Nothing is written if the function returns nothing. Durable when it resolves. Throws `lease_lost`. */
  async change(
    next: (before: ConsumerRecord) => Promise<ConsumerRecord | undefined> | ConsumerRecord | undefined,
  ): Promise<void> {
    const changing = this.#last
      .catch(() => {})
      .then(async () => {
        for (;;) {
          const before = await this.load()
          const record = await next(before)
          if (!record || (await this.#save(record, before))) return
        }
      })
    this.#last = changing
    await changing
  }

  /** Notices what others have changed. */
  async look(): Promise<void> {
    await this.change(async (before) => {
      const { name, records } = this.#options
      const found = await this.#answered(records.load(name))
      if (found && found.revision !== before.revision) this.#found(found)
      return undefined
    })
  }

  /** In a new term the record is marked with its token at once: from then on, what an earlier holder writes is refused. */
  async #load(term: Term | undefined): Promise<ConsumerRecord> {
    const { name, records, begin, holding } = this.#options
    for (;;) {
      const found = await this.#answered(records.load(name))
      const { token } = term ?? {}
      if (found && (token === undefined || found.token === token)) return this.#loaded(found, term)
      if (found && token !== undefined && (found.token ?? 0) > token) throw this.#lost(term)
      const record = found ?? (await begin())
      const marked = holding.isShared ? revised(record, found, token) : record
      if ((await this.#answered(records.save(marked))) !== 'superseded') return this.#loaded(marked, term)
    }
  }

  #loaded(record: ConsumerRecord, term: Term | undefined): ConsumerRecord {
    this.#current = record
    this.#term = term
    return record
  }

  /** False if another process was first: then it is to be made again. */
  async #save(record: ConsumerRecord, before: ConsumerRecord): Promise<boolean> {
    const { name, records, holding } = this.#options
    const made = holding.isShared ? revised(record, before, this.#term?.token ?? before.token) : record
    if ((await this.#answered(records.save(made))) !== 'superseded') {
      this.#current = made
      return true
    }
    const found = await this.#answered(records.load(name))
    if (found) this.#found(found)
    return false
  }

  #found(record: ConsumerRecord): void {
    const { holding, changed } = this.#options
    const { token } = this.#term ?? {}
    if (token !== undefined && record.token !== token) throw this.#lost(this.#term)
    this.#current = record
    if (holding.term) changed?.(record)
  }

  #lost(term: Term | undefined): IndelibleError {
    term?.lose()
    const { name } = this.#options
    return new IndelibleError('lease_lost', `Another process runs the consumer "${name}" now.`, { details: { name } })
  }

  /** A disk or database that never answers must not prevent a stop for ever, and the status must show it. */
  async #answered<Value>(asked: Promise<Value>): Promise<Value> {
    const late = Promise.withResolvers<never>()
    const limit = timer(recordMsMax, () => {
      const what = `The record of the consumer "${this.#options.name}"`
      late.reject(new IndelibleError('io_failed', `${what} could not be read or written within ${recordMsMax} ms.`))
    }).unref()
    return await Promise.race([asked, late.promise]).finally(() => limit.cancel())
  }
}

/** It follows what it was made of. */
function revised(
  record: ConsumerRecord,
  before: ConsumerRecord | undefined,
  token: number | undefined,
): ConsumerRecord {
  const revision = (before?.revision ?? 0) + 1
  return { ...record, revision, ...(token === undefined ? {} : { token }) }
}

// The stored record of one consumer: read once, then changed by one action after the other, so that none overwrites what another has just stored.
import { IndelibleError } from '../../kernel/errors.ts'
import { timer } from '../../kernel/timers.ts'
import type { ConsumerRecord, ConsumerRecords } from '../../store/consumers.ts'
import { recordMsMax } from '../limits.ts'

export interface StoredRecordOptions {
  readonly name: string
  readonly records: ConsumerRecords
  /** The record of a consumer that has none yet. */
  readonly begin: (save: (record: ConsumerRecord) => Promise<void>) => Promise<ConsumerRecord>
}

export class StoredRecord {
  readonly #options: StoredRecordOptions
  #current: ConsumerRecord | undefined
  #loading: Promise<ConsumerRecord> | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: StoredRecordOptions) {
    this.#options = options
  }

  /** Nothing before it was read. */
  get current(): ConsumerRecord | undefined {
    return this.#current
  }

  /** Reads it, or makes the first one. Throws what the store of records throws; the next call tries again. */
  async load(): Promise<ConsumerRecord> {
    if (this.#current) return this.#current
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return await this.#loading
  }

  /** Stores what a function makes of it. Nothing is written if the function returns nothing. Durable when it resolves. */
  async change(
    next: (before: ConsumerRecord) => Promise<ConsumerRecord | undefined> | ConsumerRecord | undefined,
  ): Promise<void> {
    const changing = this.#last
      .catch(() => {})
      .then(async () => {
        const record = await next(await this.load())
        if (!record) return
        await this.#save(record)
        this.#current = record
      })
    this.#last = changing
    await changing
  }

  async #load(): Promise<ConsumerRecord> {
    const { name, records, begin } = this.#options
    const found = await this.#answered(records.load(name))
    const record = found ?? (await begin((begun) => this.#save(begun)))
    this.#current = record
    return record
  }

  async #save(record: ConsumerRecord): Promise<void> {
    await this.#answered(this.#options.records.save(record))
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

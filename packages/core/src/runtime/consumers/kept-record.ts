// What is kept of one consumer: read once, then changed by one after the other, so that nobody writes over what another has just decided.
import { IndelibleError } from '../../kernel/errors.ts'
import { timer } from '../../kernel/timers.ts'
import type { ConsumerRecord, ConsumerRecords } from '../../store/consumers.ts'
import { recordMsMax } from '../limits.ts'

export interface KeptRecordOptions {
  readonly name: string
  readonly records: ConsumerRecords
  /** The record of a consumer that has none yet. */
  readonly begin: (save: (record: ConsumerRecord) => Promise<void>) => Promise<ConsumerRecord>
}

export class KeptRecord {
  readonly #options: KeptRecordOptions
  #current: ConsumerRecord | undefined
  #loading: Promise<ConsumerRecord> | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: KeptRecordOptions) {
    this.#options = options
  }

  /** What is kept, as far as it was read. */
  get current(): ConsumerRecord | undefined {
    return this.#current
  }

  /** Reads it, or begins it. Throws what the store of records throws, and tries again when it is asked again. */
  async load(): Promise<ConsumerRecord> {
    if (this.#current) return this.#current
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return await this.#loading
  }

  /** Keeps what a function makes of it; nothing is written where that gives nothing. Durable when it resolves. */
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

  /** A disk or database that never answers must not hold up a stop for ever, nor hide behind a status that says all is well. */
  async #answered<Value>(asked: Promise<Value>): Promise<Value> {
    const late = Promise.withResolvers<never>()
    const limit = timer(recordMsMax, () => {
      const what = `What is kept of the consumer "${this.#options.name}"`
      late.reject(new IndelibleError('io_failed', `${what} could not be read or written within ${recordMsMax} ms.`))
    }).unref()
    return await Promise.race([asked, late.promise]).finally(() => limit.cancel())
  }
}

// The entries that a command asked for, page by page, all of the range that the first page names.
import type { AuditEntry, AuditPage, AuditPageOptions } from 'indelible/history'
import type { PhaseBar } from '../output/index.ts'
import { interruptedError } from '../session.ts'
import type { AuditClient } from './audit-client.ts'

const pageMax = 1_000

interface TrailOptions extends Omit<AuditPageOptions, 'after'> {
  readonly limit: number
}

interface Told {
  readonly update: PhaseBar['update']
  readonly signal: AbortSignal
}

export class AuditTrail {
  readonly #client: AuditClient
  readonly #options: TrailOptions
  readonly #told: Told
  #first: Promise<AuditPage> | undefined

  constructor(client: AuditClient, options: TrailOptions, told: Told) {
    this.#client = client
    this.#options = options
    this.#told = told
  }

  /** The first and last position that are asked about. */
  async range(): Promise<Pick<AuditPage, 'from' | 'to'>> {
    this.#first ??= this.#client.page({ ...this.#options, limit: Math.min(pageMax, this.#options.limit) })
    return await this.#first
  }

  async *entries(): AsyncGenerator<AuditEntry> {
    const { from, to } = await this.range()
    const { direction } = this.#options
    let page = await this.#first!
    for (let left = this.#options.limit; ; ) {
      yield* page.entries
      left -= page.entries.length
      if (left <= 0 || page.next === null) return
      if (this.#told.signal.aborted) throw interruptedError()
      const at = Number(page.next.split('.')[0])
      this.#told.update('Reading', direction === 'backwards' ? to - at + 1 : at - from + 1, to - from + 1)
      const range = { from: { position: from }, to: { position: to } }
      page = await this.#client.page({ ...this.#options, ...range, after: page.next, limit: Math.min(pageMax, left) })
    }
  }
}

// Whether appends can be written, and how safely. A database may vanish while nobody appends, so `now` asks it, though not each time.
import { type ErrorCode, IndelibleError, instant, isIndelibleError, type StoreHealth } from 'indelible'
import { settlesWithin } from '../database/index.ts'
import { toStoreError } from './faults.ts'
import { probeMs, probeWaitMs } from './limits.ts'
import { durabilities, type Settings } from './settings.ts'

export class WriteHealth {
  readonly #look: () => Promise<Settings>
  readonly #refused: Partial<Record<ErrorCode, number>> = {}
  readonly #syncs = { count: 0, ms: 0 }
  #settings: Settings
  #trouble: { readonly fault: IndelibleError; readonly sinceMs: number } | undefined
  #looking: Promise<void> | undefined
  #lookedMs = performance.now()

  /** `look` throws where an append could not be written. */
  constructor(look: () => Promise<Settings>, settings: Settings) {
    this.#look = look
    this.#settings = settings
  }

  written(ms: number, durability: number | undefined): void {
    this.#syncs.count++
    this.#syncs.ms += ms
    this.#trouble = undefined
    if (durability !== undefined) this.#settings = { ...this.#settings, durability: durabilities[durability]! }
  }

  /** Faults of the database count, and not what is wrong with a commit. */
  refused(fault: unknown, appends: number): void {
    if (!isIndelibleError(fault) || fault.code === 'invalid_event') return
    this.#refused[fault.code] = (this.#refused[fault.code] ?? 0) + appends
    this.#worry(fault)
  }

  async now(): Promise<StoreHealth> {
    if (performance.now() - this.#lookedMs >= probeMs || this.#trouble) this.#looking ??= this.#examine()
    if (this.#looking && !(await settlesWithin(probeWaitMs, this.#looking)))
      this.#worry(new IndelibleError('io_failed', `The database did not answer within ${probeWaitMs} ms.`))
    const { durability, concerns } = this.#settings
    const said = { refusedAppends: { ...this.#refused }, syncs: { ...this.#syncs }, durability, concerns }
    if (!this.#trouble) return { ...said, canWrite: true }
    const { fault, sinceMs } = this.#trouble
    return { ...said, canWrite: false, error: { code: fault.code, message: fault.message }, since: instant(sinceMs) }
  }

  async #examine(): Promise<void> {
    this.#lookedMs = performance.now()
    try {
      this.#settings = await this.#look()
      this.#trouble = undefined
    } catch (error) {
      const fault = toStoreError(error)
      if (isIndelibleError(fault)) this.#worry(fault)
    } finally {
      this.#looking = undefined
    }
  }

  #worry(fault: IndelibleError): void {
    this.#trouble = { fault, sinceMs: this.#trouble?.sinceMs ?? Date.now() }
  }
}

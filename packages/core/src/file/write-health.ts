// Whether a log can be written to. After a refusal the store tries by itself when it is asked: it must not report a full disk for ever only because there are
// no more appends.
import { type ErrorCode, type IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import { instant } from '../kernel/time.ts'
import type { LogLimits } from '../log/limits.ts'
import type { StoreHealth } from '../store/port.ts'

/** The codes of faults of the disk. */
const faults: ReadonlySet<ErrorCode> = new Set(['store_full', 'io_failed', 'store_poisoned'])

export class WriteHealth {
  readonly #limits: Pick<LogLimits, 'writeProbeMs' | 'writeProbeWaitMs'>
  readonly #probe: () => Promise<boolean>
  readonly #refused: Partial<Record<ErrorCode, number>> = {}
  #trouble: { fault: IndelibleError; readonly sinceMs: number } | undefined
  #probing: Promise<void> | undefined
  #probedMs = Number.NEGATIVE_INFINITY

  /** `probe` tries whether an append could succeed. It returns false when it could not try, and throws when an append would fail. */
  constructor(limits: Pick<LogLimits, 'writeProbeMs' | 'writeProbeWaitMs'>, probe: () => Promise<boolean>) {
    this.#limits = limits
    this.#probe = probe
  }

  /** To be called when appends were refused, for whatever reason. Only faults of the disk count. */
  refused(fault: unknown, { appends, atMs }: { readonly appends: number; readonly atMs: () => number }): void {
    if (!isIndelibleError(fault) || !faults.has(fault.code)) return
    this.#refused[fault.code] = (this.#refused[fault.code] ?? 0) + appends
    this.#trouble = { fault, sinceMs: this.#trouble?.sinceMs ?? atMs() }
  }

  /** To be called when an append was written. */
  written(): void {
    this.#trouble = undefined
  }

  async now(): Promise<StoreHealth> {
    if (this.#trouble?.fault.retryable) await this.#look()
    const refusedAppends = { ...this.#refused }
    if (!this.#trouble) return { canWrite: true, refusedAppends }
    const { fault, sinceMs } = this.#trouble
    const error = { code: fault.code, message: messageOf(fault) }
    return { canWrite: false, error, since: instant(sinceMs), refusedAppends }
  }

  async #look(): Promise<void> {
    const isDue = performance.now() - this.#probedMs >= this.#limits.writeProbeMs
    if (isDue) this.#probing ??= this.#tried()
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, this.#limits.writeProbeWaitMs).unref()
    await Promise.race([this.#probing, late.promise])
    clearTimeout(timer)
  }

  async #tried(): Promise<void> {
    this.#probedMs = performance.now()
    try {
      if (await this.#probe()) this.written()
    } catch (error) {
      if (!isIndelibleError(error)) throw error
      if (this.#trouble) this.#trouble.fault = error
    } finally {
      this.#probing = undefined
    }
  }
}

/** A fault during a write says less than its cause, which names the file and the errno. */
function messageOf({ message, cause }: IndelibleError): string {
  return isIndelibleError(cause) ? `${message} (${cause.message})` : message
}

// Records what leaves no other trace: refused and conflicting commands, and reads. Nobody waits for it: records queue in memory and are appended together.
import { hash } from 'node:crypto'
import { isIndelibleError } from '../../kernel/errors.ts'
import type { NewEvent } from '../../kernel/events.ts'
import { messageOf } from '../../kernel/shown.ts'
import { streamName } from '../../kernel/streams.ts'
import { type Clock, type Instant, instant } from '../../kernel/time.ts'
import { type Timer, timer } from '../../kernel/timers.ts'
import type { EventStore } from '../../store/port.ts'
import type { Envelope } from '../commands/envelope.ts'
import type { CommandOutcome } from '../commands/outcome.ts'
import {
  auditBatchMax,
  auditDetailsCharactersMax,
  auditEveryMs,
  auditQueueMax,
  auditTextCharactersMax,
} from '../limits.ts'
import { backoffMs } from '../waiting.ts'
import { type AuditOptions, stepOf } from './options.ts'
import {
  type AuditGap,
  auditCategory,
  auditGap,
  commandConflicted,
  commandRefused,
  type NotCarriedOut,
  onTag,
  type ReadRecord,
  readDone,
} from './records.ts'

/** The log could not be written, so records of the audit trail wait in memory (`delayed`), or were given up (`lost`). They are counted. */
export interface AuditNotice {
  readonly kind: 'audit delayed' | 'audit lost'
  readonly records: number
  readonly reason: string
}

export interface AuditLogOptions {
  readonly store: EventStore
  readonly clock: Clock
  readonly notify: (notice: AuditNotice) => void
  readonly audit: AuditOptions | undefined
}

/** A read by an operation. */
export interface NotedRead {
  readonly operation: string
  readonly input: unknown
  /** What it is about, if that is a stream. */
  readonly stream: string | undefined
  readonly actor: string | undefined
}

const commandStream = streamName(auditCategory, 'commands')
const readStream = streamName(auditCategory, 'reads')
const gapStream = streamName(auditCategory, 'gaps')

export class AuditLog {
  readonly #options: AuditLogOptions
  readonly #refusals: Sampling
  readonly #reads: Sampling
  #queue: NewEvent[] = []
  #gap: AuditGap | undefined
  #timer: Timer | undefined
  #flushing: Promise<void> | undefined
  /** Appends in a row that failed. */
  #tries = 0
  #isClosing = false

  /** Throws `invalid_declaration`. */
  constructor(options: AuditLogOptions) {
    this.#options = options
    const { refusals, reads } = options.audit ?? {}
    this.#refusals = new Sampling(stepOf('refusals', refusals))
    this.#reads = new Sampling(stepOf('reads', reads))
  }

  /** Notes how a command ended that was not carried out. */
  notCarriedOut({ type, given, issuedAt, options }: Envelope, outcome: NotAccepted): void {
    if (!this.#takes(this.#refusals)) return
    const { commandId, stream, version } = outcome
    const { actor, correlationId = commandId, causationId = commandId, traceparent, metadata } = options
    const data: NotCarriedOut = {
      command: type.type,
      stream,
      version,
      ...(outcome.status === 'refused'
        ? { code: outcome.reason, ...bounded('details', outcome.details) }
        : {
            code: options.expectedVersion === undefined ? 'overtaken' : 'expected_version',
            details: { expectedVersion: outcome.expectedVersion },
          }),
      ...('json' in given ? { inputHash: hash('sha256', given.json, 'base64url') } : {}),
      ...(typeof metadata?.reason === 'string' ? { reason: cut(metadata.reason) } : {}),
    }
    this.#add({
      stream: commandStream,
      type: outcome.status === 'refused' ? commandRefused : commandConflicted,
      data,
      metadata: texts({ actor, commandId, correlationId, causationId, traceparent }),
      tags: [onTag(stream)],
      validAt: issuedAt,
    })
  }

  read({ operation, input, stream, actor }: NotedRead): void {
    if (!this.#takes(this.#reads)) return
    const data: ReadRecord = { operation, ...bounded('input', input) }
    this.#add({
      stream: readStream,
      type: readDone,
      data,
      metadata: texts({ actor }),
      ...(stream === undefined ? {} : { tags: [onTag(stream)] }),
      validAt: this.#now(),
    })
  }

  /** Appends what is queued. What cannot be appended is lost, with a notice. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#timer?.cancel()
    await this.#flushing
    await this.#flush()
  }

  #takes(sampling: Sampling): boolean {
    if (sampling.step === 0 || this.#isClosing) return false
    if (!sampling.isNext()) this.#leaveOut({ sampledOut: 1 })
    else if (this.#queue.length >= auditQueueMax) this.#leaveOut({ overflowed: 1 })
    else return true
    return false
  }

  #leaveOut({ since = this.#now(), sampledOut = 0, overflowed = 0, failed = 0 }: Partial<AuditGap>): void {
    const before = this.#gap ?? { since, sampledOut: 0, overflowed: 0, failed: 0 }
    this.#gap = {
      since: since < before.since ? since : before.since,
      sampledOut: before.sampledOut + sampledOut,
      overflowed: before.overflowed + overflowed,
      failed: before.failed + failed,
    }
  }

  #add(event: NewEvent): void {
    this.#queue.push(event)
    this.#arm()
  }

  #arm(): void {
    if (this.#timer || this.#flushing || this.#isClosing) return
    this.#timer = timer(this.#tries === 0 ? auditEveryMs : backoffMs(this.#tries), () => {
      this.#timer = undefined
      this.#flushing = this.#flush().finally(() => {
        this.#flushing = undefined
        if (this.#queue.length > 0) this.#arm()
      })
    })
  }

  /** Appends batch after batch until the queue is empty. After a fault that may pass, it ends: it is tried again later. */
  async #flush(): Promise<void> {
    const { store } = this.#options
    while (this.#queue.length > 0 || (this.#gap && this.#isClosing)) {
      const records = this.#queue.slice(0, auditBatchMax)
      const gap = this.#gap
      this.#gap = undefined
      try {
        await store.append({ events: gap ? [...records, this.#gapEvent(gap)] : records }, { reserved: true })
        this.#queue = this.#queue.slice(records.length)
        this.#tries = 0
      } catch (error) {
        if (gap) this.#leaveOut(gap)
        return this.#failed(error)
      }
    }
  }

  #failed(error: unknown): void {
    const { length: records } = this.#queue
    const mayPass = isIndelibleError(error) && error.retryable && !this.#isClosing
    if (!mayPass) {
      this.#leaveOut({ failed: records })
      this.#queue = []
    }
    const kind = mayPass ? 'audit delayed' : 'audit lost'
    if (this.#tries++ === 0) this.#options.notify({ kind, records, reason: messageOf(error) })
  }

  #gapEvent(gap: AuditGap): NewEvent {
    return { stream: gapStream, type: auditGap, data: gap, validAt: this.#now() }
  }

  #now(): Instant {
    return instant(this.#options.clock.now())
  }
}

type NotAccepted = Exclude<CommandOutcome, { readonly status: 'accepted' }>

/** Takes the first of each `step` records. */
class Sampling {
  readonly step: number
  #count = 0

  constructor(step: number) {
    this.step = step
  }

  isNext(): boolean {
    const isNext = this.#count === 0
    this.#count = (this.#count + 1) % this.step
    return isNext
  }
}

/** The texts that are given, at most so long. */
function texts(given: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, text] of Object.entries(given)) if (text !== undefined) kept[name] = cut(text)
  return kept
}

function cut(text: string): string {
  return text.length <= auditTextCharactersMax ? text : text.slice(0, auditTextCharactersMax)
}

/** A copy of a value, or how long its JSON is. Nothing of a value without JSON. */
function bounded(name: 'details' | 'input', value: unknown): Record<string, unknown> {
  const json = textOf(value)
  if (json === undefined || json === '{}') return {}
  if (json.length > auditDetailsCharactersMax) return { [`${name}Characters`]: json.length }
  return { [name]: JSON.parse(json) }
}

function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

// Records what leaves no other trace: refused and conflicting commands, and reads. Nobody waits for it: records queue in memory and are appended together.
import { hash } from 'node:crypto'
import { jsonText } from '../../kernel/encoding.ts'
import { isIndelibleError } from '../../kernel/errors.ts'
import { messageOf } from '../../kernel/shown.ts'
import { streamName } from '../../kernel/streams.ts'
import { type Clock, type Instant, instant } from '../../kernel/time.ts'
import { type Timer, timer } from '../../kernel/timers.ts'
import type { EventStore } from '../../store/port.ts'
import type { Envelope } from '../commands/envelope.ts'
import type { CommandOutcome } from '../commands/outcome.ts'
import {
  auditEventCharactersMax,
  auditEveryMs,
  auditPartCharactersMax,
  auditQueueMax,
  auditTextCharactersMax,
} from '../limits.ts'
import { backoffMs } from '../waiting.ts'
import { type AuditOptions, stepOf } from './options.ts'
import { type AuditGap, type AuditRecord, auditCategory, auditRecorded, type TooLarge } from './records.ts'

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

/** A call of an operation. */
export interface NotedCall {
  readonly operation: string
  readonly input: unknown
  /** What it is about, if that is a stream. */
  readonly stream: string | undefined
  readonly actor: string | undefined
}

const stream = streamName(auditCategory, 'records')

export class AuditLog {
  readonly #options: AuditLogOptions
  readonly #refusals: Sampling
  readonly #reads: Sampling
  readonly #denials = new Sampling(1)
  /** The JSON of each record. */
  #queue: string[] = []
  #gap: Omit<AuditGap, 'until'> | undefined
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
    const { status, commandId, stream, version } = outcome
    const { actor, correlationId, causationId, metadata, expectedVersion } = options
    const record = {
      at: issuedAt,
      outcome: status,
      action: type.type,
      stream,
      version,
      code: status === 'refused' ? outcome.reason : expectedVersion === undefined ? 'overtaken' : 'expected_version',
      actor: cut(actor),
      reason: typeof metadata?.reason === 'string' ? cut(metadata.reason) : undefined,
      commandId: cut(commandId),
      correlationId: cut(correlationId),
      causationId: cut(causationId),
    }
    const details = status === 'refused' ? outcome.details : { expectedVersion: outcome.expectedVersion }
    this.#add(record, { details: jsonOf(details), input: 'json' in given ? given.json : undefined })
  }

  /** Notes a read, if the system records reads. */
  read(call: NotedCall): void {
    if (this.#takes(this.#reads)) this.#called(call, 'read')
  }

  /** Notes a call that access refused. All are recorded, as far as the queue has room. */
  denied(call: NotedCall): void {
    if (this.#takes(this.#denials)) this.#called(call, 'denied')
  }

  #called({ operation: action, input, stream, actor }: NotedCall, outcome: 'read' | 'denied'): void {
    this.#add(
      { at: this.#now(), outcome, action, stream, actor: cut(actor) },
      { details: undefined, input: jsonOf(input) },
    )
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

  #leaveOut({ since, sampledOut = 0, overflowed = 0, failed = 0 }: Partial<AuditGap>): void {
    const before = this.#gap ?? { since: since ?? this.#now(), sampledOut: 0, overflowed: 0, failed: 0 }
    this.#gap = {
      since: since !== undefined && since < before.since ? since : before.since,
      sampledOut: before.sampledOut + sampledOut,
      overflowed: before.overflowed + overflowed,
      failed: before.failed + failed,
    }
  }

  /** Keeps a record as its JSON, so that later changes of what the caller gave have no effect. The parts are JSON already. */
  #add(record: Undefinable<AuditRecord>, { details, input }: Parts): void {
    const text = JSON.stringify(record).slice(0, -1)
    this.#queue.push(`${text}${partOf('details', details)}${partOf('input', input)}}`)
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
      const records = this.#batch()
      const gap = this.#gap
      this.#gap = undefined
      try {
        const last = gap ? `,"gap":${JSON.stringify({ ...gap, until: this.#now() } satisfies AuditGap)}` : ''
        const data = jsonText(`{"records":[${records.join(',')}]${last}}`)
        await store.append({ events: [{ stream, type: auditRecorded, data }] }, { reserved: true })
        this.#queue = this.#queue.slice(records.length)
        this.#tries = 0
      } catch (error) {
        if (gap) this.#leaveOut(gap)
        return this.#failed(error)
      }
    }
  }

  /** As many records as fit into one event. */
  #batch(): readonly string[] {
    let count = 0
    for (let characters = 0; count < this.#queue.length && characters < auditEventCharactersMax; count++)
      characters += this.#queue[count]!.length
    return this.#queue.slice(0, count)
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

/** The JSON of what callers may make large. */
type Parts = Readonly<Record<'details' | 'input', string | undefined>>

/** JSON leaves out what is undefined. */
type Undefinable<Record> = { readonly [Name in keyof Record]: Record[Name] | undefined }

function cut(text: string | undefined): string | undefined {
  return text === undefined || text.length <= auditTextCharactersMax ? text : text.slice(0, auditTextCharactersMax)
}

/** A member of a record, or how long it is, where it is too large. Nothing where it says nothing. */
function partOf(name: keyof Parts, json: string | undefined): string {
  if (json === undefined || json === '{}') return ''
  if (json.length <= auditPartCharactersMax) return `,"${name}":${json}`
  const tooLarge: TooLarge = { characters: json.length, sha256: hash('sha256', json, 'base64url') }
  return `,"${name}TooLarge":${JSON.stringify(tooLarge)}`
}

/** Nothing for what JSON does not have. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

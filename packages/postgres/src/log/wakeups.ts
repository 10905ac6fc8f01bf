// Wakes whoever waits for the end of a log to move: one connection of the process listens for all logs of a schema.
import type { PgConnection } from '../database/index.ts'
import { pollMs, reconnectMsMax, reconnectMsMin } from './limits.ts'
import type { TextQuery } from './text-query.ts'

/** Called with the head of the log, and with the writer that moved it, where that is known. */
type Heard = (head: number, writer?: string) => void

interface Source {
  readonly connect: () => PgConnection
  readonly query: TextQuery
  readonly schema: string
}

export const channelOf = (schema: string): string => `indelible_${schema}`

export class Wakeups {
  readonly #source: Source
  readonly #watched = new Map<number, Set<Heard>>()
  #listener: PgConnection | undefined
  #polling: NodeJS.Timeout | undefined
  #reconnecting: NodeJS.Timeout | undefined
  #waitMs = reconnectMsMin
  #isPolling = false
  #isClosed = false

  constructor(source: Source) {
    this.#source = source
  }

  /** Until the returned function is called. */
  watch(log: number, heard: Heard): () => void {
    const watching = this.#watched.get(log) ?? new Set()
    this.#watched.set(log, watching.add(heard))
    if (!this.#isClosed && this.#polling === undefined) {
      // While a server hangs, each would take a connection.
      this.#polling = setInterval(() => void (this.#isPolling || this.#poll()), pollMs)
      this.#connect()
    }
    return () => {
      watching.delete(heard)
      if (watching.size === 0) this.#watched.delete(log)
      if (this.#watched.size === 0) this.#rest()
    }
  }

  close(): void {
    this.#isClosed = true
    this.#rest()
  }

  /** Nobody waits, so nothing is kept open for it. */
  #rest(): void {
    clearInterval(this.#polling)
    clearTimeout(this.#reconnecting)
    this.#polling = undefined
    this.#reconnecting = undefined
    const listener = this.#listener
    this.#listener = undefined
    listener?.end().catch(() => {})
  }

  #connect(): void {
    const listener = this.#source.connect()
    this.#listener = listener
    const lost = () => {
      if (this.#listener !== listener) return
      this.#listener = undefined
      listener.end().catch(() => {})
      this.#reconnecting = setTimeout(() => this.#connect(), this.#waitMs)
      this.#waitMs = Math.min(2 * this.#waitMs, reconnectMsMax)
    }
    listener.on('error', lost)
    listener.on('end', lost)
    listener.on('notification', ({ payload = '' }) => {
      const [log, head, writer] = payload.split(' ')
      this.#tell(Number(log), Number(head), writer)
    })
    const listen = async () => {
      await listener.connect()
      await listener.query(`LISTEN ${channelOf(this.#source.schema)}`)
      this.#waitMs = reconnectMsMin
      // What was written before it listened woke nobody.
      await this.#poll()
    }
    listen().catch(lost)
  }

  /** The safety net: a notification may be lost together with a connection. */
  async #poll(): Promise<void> {
    this.#isPolling = true
    const { query, schema } = this.#source
    const logs = [...this.#watched.keys()]
    const heads = await query(`SELECT id, head FROM ${schema}.logs WHERE id = ANY ($1)`, [logs]).catch(() => [])
    this.#isPolling = false
    for (const [log, head] of heads) this.#tell(Number(log), Number(head))
  }

  #tell(log: number, head: number, writer?: string): void {
    for (const heard of this.#watched.get(log) ?? []) heard(head, writer)
  }
}

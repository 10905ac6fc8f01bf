// The one interface that we and every peer are measured through, so that nobody is spared a step.
import type { StreamName } from 'indelible'
import type { Payload } from './payload.ts'

/** A store that is open. Versions count from 1; 0 means that the stream does not exist yet. */
export interface Subject {
  /** Resolves when the events are durable; rejects if the stream is not at that version. */
  append(stream: StreamName, version: number, events: readonly Payload[]): Promise<unknown>
  /** The payloads of a stream, parsed, in order of their versions, which it checks to have no gap. */
  readStream(stream: StreamName): Promise<readonly Payload[]>
  /** Visits every payload, parsed, in the order of the log. */
  scan(visit: (payload: Payload) => void): Promise<void>
  count(): Promise<number>
  close(): Promise<void>
}

export interface Peer {
  readonly name: string
  /** Opens a store. One that keeps files keeps them in the directory; any other is empty each time. */
  open(dir: string): Promise<Subject>
}

export const eventType = 'PaymentBooked'

// The one interface through which we and every peer are measured, so that all do the same steps.
import type { StreamName } from 'indelible'
import type { Payload } from './payload.ts'

/** An open store. Versions count from 1; 0 means that the stream does not exist yet. */
export interface Subject {
  /** Resolves when the events are durable; rejects if the stream is not at that version. */
  append(stream: StreamName, version: number, events: readonly Payload[]): Promise<unknown>
  /** The parsed payloads of a stream, in the order of their versions, which are checked for gaps. */
  readStream(stream: StreamName): Promise<readonly Payload[]>
  /** Visits every parsed payload, in the order of the log. */
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

// Messages of live feeds as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Readers with the same filter get the same
// messages, so each is encoded once, and the same bytes go to all of them.
import type { FeedBatch, FeedMessage } from 'indelible/operations'

const ofMessages = new WeakMap<FeedMessage, Uint8Array>()
const ofBatches = new WeakMap<FeedBatch, Uint8Array>()

export function encodedBatch(batch: FeedBatch): Uint8Array {
  const known = ofBatches.get(batch)
  if (known) return known
  const bytes = batch.length === 1 ? encodedMessage(batch[0]!) : Buffer.concat(batch.map(encodedMessage))
  ofBatches.set(batch, bytes)
  return bytes
}

export function encodedMessage(message: FeedMessage): Uint8Array {
  const known = ofMessages.get(message)
  if (known) return known
  const { kind, position, data } = message
  // Without an id, a browser keeps the last one.
  const id = position === undefined ? '' : `id: ${position}\n`
  const bytes = Buffer.from(`${id}event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`)
  ofMessages.set(message, bytes)
  return bytes
}

export const heartbeat = Buffer.from(': heartbeat\n\n')

/** How long a browser waits before it comes again. */
export function retryAfter(ms: number): Uint8Array {
  return Buffer.from(`retry: ${ms}\n\n`)
}

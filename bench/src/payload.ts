// The events of every benchmark: payments of about 200 bytes of JSON, each one different, that a check can compute again.
import type { StreamName } from 'indelible'
import { check } from './check.ts'

export interface Payload {
  readonly account: string
  readonly amount: number
  readonly currency: string
  readonly counterparty: string
  readonly note: string
}

export function streamOf(index: number): StreamName {
  return `account-${String(index).padStart(8, '0')}`
}

/** The event of a stream at a version. */
export function payloadOf(stream: number, version: number): Payload {
  const amount = amountOf(stream, version)
  return {
    account: streamOf(stream),
    amount,
    currency: 'EUR',
    counterparty: counterparties[amount % counterparties.length]!,
    note: noteOf(stream, version),
  }
}

function noteOf(stream: number, version: number): string {
  return `Invoice ${stream}-${version}: ${reasons[(stream + version) % reasons.length]}`
}

/** In cents. Cheap to compute, so that checking millions costs little compared with what is measured. */
export function amountOf(stream: number, version: number): number {
  return (Math.imul(stream + 1, 0x9e3779b1) ^ Math.imul(version, 0x85ebca6b)) & 0xfffff
}

/** Payloads of one stream from a version on. */
export function payloadsOf(stream: number, { from, count }: { from: number; count: number }): Payload[] {
  return Array.from({ length: count }, (_, index) => payloadOf(stream, from + index))
}

export function checkPayload(payload: Payload, { stream, version }: { stream: number; version: number }): void {
  const { account, amount, note } = payload
  const same = account === streamOf(stream) && amount === amountOf(stream, version) && note === noteOf(stream, version)
  check(same, `event ${version} of ${streamOf(stream)} is what was written, not ${JSON.stringify(payload)}`)
}

const counterparties = [
  'DE89 3704 0044 0532 0130 00',
  'FR14 2004 1010 0505 0001 3M02 606',
  'NL91 ABNA 0417 1643 00',
  'ES91 2100 0418 4502 0005 1332',
]
const reasons = [
  'rent of the flat in Station Road for November, second floor',
  'groceries, paid by card at the counter on Monday evening',
  'salary, with the allowance for travel and a bonus for the year',
  'refund of an order that came back in the post, less the fee',
  'monthly saving plan, first of twelve, see our letter of October',
]

/** The mean over a sample, for the conditions of a run and for limits that move the same bytes. */
export const payloadBytes = Math.round(
  Array.from({ length: 1000 }, (_, index) => JSON.stringify(payloadOf(index * 997, (index % 10) + 1)).length).reduce(
    (sum, length) => sum + length,
  ) / 1000,
)

/** What a limit moves for an event: the payload, and 27 bytes for its name, version, type and checksum. */
export const recordBytes = payloadBytes + 27

// Events with their proofs, one after the other. Neighbours have the upper part of their way to the root in common, so each says only how much of it.
import { IndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import { decodedBase64 } from './base64.ts'
import { type ExactEvent, eventOfExact, exactEvent } from './exact-event.ts'
import { isSameHash } from './hashes.ts'
import { base64, parseHashes } from './proof-text.ts'

/** An event, its leaf in the tree, and the hashes that lead from the leaf to the root. */
export interface EventInTree {
  readonly event: RecordedEvent
  readonly leaf: Uint8Array
  readonly hashes: readonly Uint8Array[]
}

/** The JSON of an {@link EventInTree} behind another. */
export interface ProvedLine {
  readonly event: ExactEvent
  /** In base64. */
  readonly leaf: string
  readonly proof: {
    /** In base64, from the leaf upwards. */
    readonly hashes: readonly string[]
    /** So many hashes follow: the last ones of the line before. */
    readonly shared: number
  }
}

/** Writes one after the other. */
export class ProvedLineWriter {
  #before: readonly Uint8Array[] = []

  write({ event, leaf, hashes }: EventInTree): ProvedLine {
    const shared = sharedAtEnd(this.#before, hashes)
    this.#before = hashes
    const own = hashes.slice(0, hashes.length - shared)
    return { event: exactEvent(event), leaf: base64(leaf), proof: { hashes: own.map(base64), shared } }
  }
}

/** Reads them in the same order. */
export class ProvedLineReader {
  #before: readonly Uint8Array[] = []

  /** Checks the form only; see `checkEvent`. Throws `proof_invalid`. */
  read(json: unknown): EventInTree {
    const { event, leaf, proof } = (json ?? {}) as Partial<ProvedLine>
    const { hashes, shared } = proof ?? {}
    const bytes = typeof leaf === 'string' ? decodedBase64(leaf) : undefined
    const isShared = Number.isSafeInteger(shared) && shared! >= 0 && shared! <= this.#before.length
    if (!bytes || !isShared || !Array.isArray(hashes)) throw invalid('This is not an event with its proof.')
    const all = [...parseHashes(hashes), ...this.#before.slice(this.#before.length - shared!)]
    const read = { event: eventOfExact(event), leaf: bytes, hashes: all }
    this.#before = all
    return read
  }
}

function sharedAtEnd(left: readonly Uint8Array[], right: readonly Uint8Array[]): number {
  const most = Math.min(left.length, right.length)
  for (let shared = 0; shared < most; shared++)
    if (!isSameHash(left[left.length - 1 - shared]!, right[right.length - 1 - shared]!)) return shared
  return most
}

function invalid(message: string): IndelibleError {
  return new IndelibleError('proof_invalid', message)
}

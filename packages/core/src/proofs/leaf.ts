// The leaf of an event: a compact canonical envelope (docs/proofs.md). In the place of data and metadata stand their hashes, so that both may be erased
// and the proof stays.
import { IndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import { writeUuid } from '../kernel/ids.ts'
import { epochMs } from '../kernel/time.ts'
import { sha256, writeSha256 } from './hashes.ts'

const envelopeFormat = 1
const fixedBytes = 112
/** The byte before a leaf in its hash, and the most that an envelope within the limits of the log can take. */
const scratch = Buffer.alloc(1 + 64 * 1024)

/** The leaf of an event in the Merkle tree. */
export function leafOf(event: RecordedEvent): Uint8Array {
  return new Uint8Array(scratch.subarray(1, write(event)))
}

/** The hash of the leaf of an event, without a copy of the leaf. */
export function leafHashOf(event: RecordedEvent): Buffer {
  return sha256(scratch.subarray(0, write(event)))
}

/** An event of the log has these in the form that is needed here; to write and parse their texts costs more than the hashes. */
interface Undecoded {
  readonly recordedAtMs?: number
  writeId?(into: Uint8Array, at: number): void
  /** Stream and type one after the other. Gives the length of the stream and of both. */
  writeNames?(into: Uint8Array, at: number): readonly [stream: number, both: number]
}

/** Writes the envelope behind the first byte of the scratch, and gives where it ends. */
function write(event: RecordedEvent & Undecoded): number {
  const { dataBytes, metadataBytes, tags, validAt = '' } = event
  const at = 1
  scratch[at] = envelopeFormat
  scratch[at + 1] = tags.length
  scratch.writeUInt16LE(event.schemaVersion, at + 2)
  scratch.writeUIntLE(event.position, at + 4, 6)
  scratch.writeUIntLE(event.version, at + 10, 6)
  scratch.writeUIntLE(event.recordedAtMs ?? epochMs(event.recordedAt), at + 16, 6)
  scratch.fill(0, at + 30, at + 32)
  if (event.writeId) event.writeId(scratch, at + 32)
  else writeUuid(event.id, scratch, at + 32)
  writeSha256(metadataBytes, scratch, at + 48)
  writeSha256(dataBytes, scratch, at + 80)
  let end = at + fixedBytes
  const text = (value: string, lengthAt: number) => {
    const length = scratch.write(value, end)
    scratch.writeUInt16LE(length, lengthAt)
    end += length
  }
  if (event.writeNames) {
    const [stream, both] = event.writeNames(scratch, end)
    scratch.writeUInt16LE(stream, at + 22)
    scratch.writeUInt16LE(both - stream, at + 24)
    end += both
  } else {
    text(event.stream, at + 22)
    text(event.type, at + 24)
  }
  text(event.contentType, at + 26)
  text(validAt, at + 28)
  for (const tag of tags) {
    end += 2
    text(tag, end - 2)
  }
  return end
}

/** What a leaf says of its event. */
export interface LeafFields {
  readonly position: number
  readonly version: number
  readonly schemaVersion: number
  readonly recordedAtMs: number
  /** As 32 hexadecimal digits. */
  readonly id: string
  readonly metadataHash: Uint8Array
  readonly dataHash: Uint8Array
  readonly stream: string
  readonly type: string
  readonly contentType: string
  readonly validAt: string | undefined
  readonly tags: readonly string[]
}

/** Reads a leaf. Throws `proof_invalid`. */
export function readLeaf(leaf: Uint8Array): LeafFields {
  const bytes = Buffer.from(leaf.buffer, leaf.byteOffset, leaf.length)
  if (bytes.length < fixedBytes || bytes[0] !== envelopeFormat || bytes.readUInt16LE(30) !== 0) throw notALeaf()
  let end = fixedBytes
  const text = (lengthAt: number) => {
    if (lengthAt + 2 > bytes.length) throw notALeaf()
    const from = end
    end += bytes.readUInt16LE(lengthAt)
    if (end > bytes.length) throw notALeaf()
    return bytes.toString('utf8', from, end)
  }
  const fields = {
    position: bytes.readUIntLE(4, 6),
    version: bytes.readUIntLE(10, 6),
    schemaVersion: bytes.readUInt16LE(2),
    recordedAtMs: bytes.readUIntLE(16, 6),
    id: bytes.toString('hex', 32, 48),
    metadataHash: leaf.slice(48, 80),
    dataHash: leaf.slice(80, 112),
    stream: text(22),
    type: text(24),
    contentType: text(26),
    validAt: text(28) || undefined,
    tags: Array.from({ length: bytes[1]! }, () => {
      end += 2
      return text(end - 2)
    }),
  }
  if (end !== bytes.length) throw notALeaf()
  return fields
}

function notALeaf(): IndelibleError {
  return new IndelibleError('proof_invalid', 'These bytes are not the leaf of an event (docs/proofs.md).')
}

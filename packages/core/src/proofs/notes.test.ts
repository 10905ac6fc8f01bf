// Signed notes, checkpoints, cosignatures and proofs as text: known answers, and that no changed bit is accepted.
import { expect, test } from 'vitest'
import { draws, long } from '../../../../scripts/campaign.ts'
import { utf8 } from '../kernel/text.ts'
import { memoryStore } from '../memory/event-store.ts'
import { memoryProofs } from '../memory/proof-files.ts'
import { openCheckpoint, readCheckpoint, signCheckpoint } from './checkpoints.ts'
import { sha256 } from './hashes.ts'
import { newSignerKey, signerKey, verifierKey } from './keys.ts'
import { leafHashOf, leafOf, readLeaf } from './leaf.ts'
import { addSignatures, openNote, signNote } from './notes.ts'
import { checkProof, formatProof, parseProof } from './proof-text.ts'
import { inclusionProof } from './proofs.ts'
import { nodesIn } from './tile-nodes.ts'
import { GrowingTree, tilePath } from './tiles.ts'

// The example in the documentation of golang.org/x/mod/sumdb/note.
const peter = {
  signer: 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  verifier: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  signature:
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
}

test('known answer: the signed note in the documentation of Go', () => {
  const key = signerKey(peter.signer)
  expect(key.verifier.text).toBe(peter.verifier)
  const note = signNote(peter.text, [key], 0)
  expect(note).toBe(`${peter.text}\n${peter.signature}`)
  expect(openNote(note, [verifierKey(peter.verifier)]).text).toBe(peter.text)
})

test('signatures of unknown keys are ignored, and one of a known key that is wrong refuses the whole note', () => {
  const [own, old, stranger] = [newSignerKey('a.example'), newSignerKey('a.example'), newSignerKey('b.example')]
  const note = signNote('text\n', [own, old], 0)
  expect(openNote(note, [old.verifier, stranger.verifier]).signedBy).toEqual([old.verifier])
  expect(() => openNote(note, [stranger.verifier])).toThrow(expect.objectContaining({ code: 'proof_invalid' }))
  const forged = `${signNote('text\n', [own], 0)}${signNote('other\n', [old], 0).split('\n\n')[1]}`
  expect(openNote(forged, [own.verifier]).signedBy).toHaveLength(1)
  expect(() => openNote(forged, [own.verifier, old.verifier])).toThrow('wrong')
})

test('a cosignature of a witness is over the time and the checkpoint', () => {
  const [log, witness] = [newSignerKey('log.example'), newSignerKey('witness.example/w1', 'cosignature')]
  const note = signCheckpoint({ origin: 'log.example', size: 7, root: sha256(utf8('x')) }, { keys: [log], atMs: 0 })
  const lines = signNote(note.slice(0, note.indexOf('\n\n') + 1), [witness], 1_679_315_147_000).split('\n\n')[1]!
  const cosigned = addSignatures(note, lines, [witness.verifier])
  expect(openCheckpoint(cosigned, [witness.verifier])).toMatchObject({ origin: 'log.example', size: 7 })
  // A signature of the wrong key, or over another checkpoint, is not added.
  expect(addSignatures(note, lines, [newSignerKey('witness.example/w1', 'cosignature').verifier])).toBe(note)
  const other = signNote('log.example\n8\nAAAA\n', [witness], 0).split('\n\n')[1]!
  expect(addSignatures(note, other, [witness.verifier])).toBe(note)
})

test.each([
  'a\n07\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n',
  'a\n7\nAAAA\n\n',
  '\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n',
  'a\n99999999999999999\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n',
  'a\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\n',
])('this is no checkpoint: %j', (note) => {
  expect(() => readCheckpoint(note)).toThrow(expect.objectContaining({ code: 'proof_invalid' }))
})

async function proofOfOne() {
  const store = memoryStore()
  for (let n = 1; n <= 21; n++) await store.append({ events: [{ stream: `a-${n}`, type: 'Happened', data: { n } }] })
  const [tree, files, key] = [new GrowingTree(), memoryProofs(), newSignerKey('log.example')]
  const events = (await Array.fromAsync(store.read('all'))).flatMap((batch) => batch.events)
  for (const event of events) tree.append(leafHashOf(event))
  for (const tile of tree.edge()) await files.write(tilePath(tile), tile.bytes)
  const checkpoint = signCheckpoint(
    { origin: 'log.example', size: tree.size, root: tree.root() },
    { keys: [key], atMs: 0 },
  )
  const hashes = await inclusionProof(nodesIn(files, tree.size), { index: 12, size: tree.size })
  return { event: events[12]!, key, text: formatProof({ leaf: leafOf(events[12]!), index: 12, hashes, checkpoint }) }
}

test('a proof as text is checked offline, and says which event it proves', async () => {
  const { event, key, text } = await proofOfOne()
  const proved = checkProof(text, [key.verifier])
  expect(proved.event).toMatchObject({ position: 13, stream: 'a-13', type: 'Happened', version: 1 })
  expect(Buffer.from(proved.event.dataHash)).toEqual(sha256(event.dataBytes))
  expect(formatProof(parseProof(text))).toBe(text)
})

test('no bit of a proof can be changed', async () => {
  const { key, text } = await proofOfOne()
  const bytes = Buffer.from(text)
  const draw = draws()
  for (let bit = 0; bit < bytes.length * 8; bit += long ? 1 : 1 + draw(8)) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    expect(() => checkProof(changed.toString(), [key.verifier]), `bit ${bit}`).toThrow()
  }
})

/** A reader that was written from docs/proofs.md alone. */
function leafOfThePage(leaf: Buffer) {
  let at = 112
  const text = (length: number) => {
    at += length
    return leaf.toString('utf8', at - length, at)
  }
  const [stream, type, contentType, validAt] = [22, 24, 26, 28].map((field) => text(leaf.readUInt16LE(field)))
  const tags = Array.from({ length: leaf[1]! }, () => {
    at += 2
    return text(leaf.readUInt16LE(at - 2))
  })
  return {
    format: leaf[0],
    schemaVersion: leaf.readUInt16LE(2),
    position: leaf.readUIntLE(4, 6),
    version: leaf.readUIntLE(10, 6),
    recordedAt: new Date(leaf.readUIntLE(16, 6)).toISOString(),
    zeros: leaf.readUInt16LE(30),
    id: leaf.toString('hex', 32, 48),
    metadataHash: leaf.toString('hex', 48, 80),
    dataHash: leaf.toString('hex', 80, 112),
    stream,
    type,
    contentType,
    validAt,
    tags,
    rest: leaf.length - at,
  }
}

test('the leaf has every field of the event where the documentation says, and hashes in the place of data and metadata', async () => {
  const store = memoryStore()
  const event = {
    stream: 'cheese-käse',
    type: 'Geöffnet',
    data: new Uint8Array([1, 2, 3]),
    contentType: 'image/png',
    schemaVersion: 3,
    metadata: { actor: 'ann' },
    tags: ['owner:ann', '😀'],
    validAt: '1993-01-31',
  } as const
  await store.append({ events: [event, { stream: 'a-1', type: 'B', data: null }] })
  const [first, second] = (await Array.fromAsync(store.read('all'))).flatMap((batch) => batch.events)
  const { id, recordedAt } = first!
  expect(leafOfThePage(Buffer.from(leafOf(first!)))).toEqual({
    format: 1,
    schemaVersion: 3,
    position: 1,
    version: 1,
    recordedAt,
    zeros: 0,
    id: id.replaceAll('-', ''),
    metadataHash: sha256(utf8('{"actor":"ann"}')).toString('hex'),
    dataHash: sha256(event.data).toString('hex'),
    stream: event.stream,
    type: event.type,
    contentType: event.contentType,
    validAt: event.validAt,
    tags: event.tags,
    rest: 0,
  })
  expect(leafOfThePage(Buffer.from(leafOf(second!)))).toMatchObject({ validAt: '', tags: [], rest: 0 })
  expect(readLeaf(leafOf(first!))).toMatchObject({ stream: event.stream, tags: event.tags, validAt: event.validAt })
  expect(() => readLeaf(leafOf(first!).subarray(1))).toThrow(expect.objectContaining({ code: 'proof_invalid' }))
})

// All events of a stream with their proofs, as lines that others check; and the leaves as bundles of entries of C2SP tlog-tiles.
import { defineSystem, type RecordedEvent, type RunningSystem, startSystem } from 'indelible'
import { memoryProofs, memoryStore } from 'indelible/memory'
import {
  checkEvent,
  checkProof,
  type EventInTree,
  eventOfExact,
  exactEvent,
  formatProof,
  leafHash,
  openCheckpoint,
  ProvedLineReader,
  ProvedLineWriter,
  proveStream,
  readCheckpoint,
  verifierKey,
} from 'indelible/proofs'
import { expect, onTestFinished, test } from 'vitest'
import { draws, long } from '../../../scripts/campaign.ts'

const system = defineSystem({ name: 'proved', commands: [] })

/** Its first event is the record of the key. */
async function started(options: Parameters<typeof startSystem>[1] = {}): Promise<RunningSystem> {
  const running = startSystem(system, { proofs: { origin: 'bank.example/log' }, ...options })
  onTestFinished(() => running.close())
  await running.waitFor({ name: '$tree' }, 1)
  return running
}

async function grow({ store }: RunningSystem, streams: readonly string[]): Promise<void> {
  await store.append({
    events: streams.map((stream) => ({ stream: `account-${stream}`, type: 'Happened', data: { stream } }) as const),
  })
}

async function signed(running: RunningSystem): Promise<number> {
  const { position } = await running.store.head()
  await running.waitFor({ name: '$tree' }, position, { timeoutMs: 20_000 })
  return position
}

test('every event of a stream is proved, in logs of many sizes, and lines have all that a proof needs', async () => {
  const draw = draws()
  const running = await started()
  for (let round = 0; round < (long ? 100 : 8); round++) {
    await grow(
      running,
      Array.from({ length: 1 + draw(round % 2 === 0 ? 400 : 5) }, () => String(draw(4))),
    )
    const size = await signed(running)
    const { checkpoint, keys } = await running.proofs.latest()
    const tree = openCheckpoint(checkpoint, keys.map(verifierKey))
    const stream = `account-${draw(4)}` as const
    const { events } = await running.proofs.stream({ stream })
    const [writer, reader] = [new ProvedLineWriter(), new ProvedLineReader()]
    let hashes = 0
    const read: EventInTree[] = []
    for await (const proved of events) {
      const line = JSON.stringify(writer.write(proved))
      hashes += JSON.parse(line).proof.hashes.length
      read.push(reader.read(JSON.parse(line)))
    }
    const expected = (await Array.fromAsync(running.store.read([{ streams: [stream] }], { to: size }))).flatMap(
      ({ events }) => events,
    )
    expect(read.map(({ event }) => eventJson(event))).toEqual(expected.map(eventJson))
    for (const each of read) {
      expect(checkEvent(each, tree)).toEqual({ isInTree: true, changed: [] })
      // Each is also a proof of its own, for tools that know tlog-proof.
      const { leaf, event } = each
      const proof = formatProof({ leaf, index: event.position - 1, hashes: each.hashes, checkpoint })
      expect(checkProof(proof, keys.map(verifierKey)).event.version).toBe(event.version)
    }
    const whole = read.reduce((sum, each) => sum + each.hashes.length, 0)
    if (read.length > 100) expect(hashes).toBeLessThan(whole / 2)
  }
})

test('an earlier state of the log can be proved too, and none that it did not have', async () => {
  const running = await started()
  await grow(running, ['1', '2', '1'])
  const size = await signed(running)
  const { checkpoint } = await running.proofs.latest()
  await grow(
    running,
    Array.from({ length: 600 }, () => '1'),
  )
  const later = await signed(running)
  const { tree, events, checkpoint: note } = await running.proofs.stream({ stream: 'account-1', size })
  expect(note).toBeUndefined()
  expect(Buffer.from(tree.root)).toEqual(Buffer.from(readCheckpoint(checkpoint).root))
  expect((await Array.fromAsync(events)).map(({ event }) => event.version)).toEqual([1, 2])
  await expect(running.proofs.stream({ stream: 'account-1', size: later + 1 })).rejects.toMatchObject({
    code: 'invalid_position',
  })
  const none = await running.proofs.stream({ stream: 'account-9' })
  expect(await Array.fromAsync(none.events)).toEqual([])
})

test('an event that is not the one that was signed is not proved', async () => {
  const [files, store] = [memoryProofs(), memoryStore()]
  const running = await started({ store, proofFiles: files })
  await grow(running, ['1', '2', '1'])
  const size = await signed(running)
  const path = `tile/0/000.p/${size}`
  const tile = (await files.read(path))!
  tile[0]! ^= 1
  await files.write(path, tile)
  const { events } = await proveStream({ store, files }, { stream: 'account-1' })
  await expect(Array.fromAsync(events)).rejects.toMatchObject({ code: 'tree_diverged' })
})

test('the exact form of an event gives the event again, and nothing else is one', async () => {
  const running = await started()
  await running.store.append({
    events: [
      { stream: 'account-1', type: 'Bytes', data: Buffer.from([255, 0]), tags: ['a:b'], validAt: '1993-01-31' },
      { stream: 'account-1', type: 'Text', data: Buffer.from('\ufeff\u0000é'), contentType: 'text/plain' },
      { stream: 'account-1', type: 'Json', data: { a: 1 }, metadata: { actor: 'ann' } },
    ],
  })
  for await (const { events } of running.store.read([{ streams: ['account-1'] }]))
    for (const event of events) {
      const exact = exactEvent(event)
      const again = eventOfExact(JSON.parse(JSON.stringify(exact)))
      expect(eventJson(again)).toEqual(eventJson(event))
      expect(Buffer.from(again.dataBytes)).toEqual(Buffer.from(event.dataBytes))
      for (const wrong of [
        { ...exact, position: 0 },
        { ...exact, version: 2 ** 48 },
        { ...exact, schemaVersion: 65_536 },
        { ...exact, id: 'x' },
        { ...exact, recordedAt: '2026-01-01' },
        { ...exact, recordedAt: '1969-12-31T23:59:59.999Z' },
        { ...exact, validAt: 'noon' },
        { ...exact, tags: 'a' },
        { ...exact, tags: ['x'.repeat(513)] },
        { ...exact, stream: 'account' },
        { ...exact, metadata: '[' },
        { ...exact, data: undefined, dataBase64: 'AB' },
        null,
        'text',
      ])
        expect(() => eventOfExact(wrong)).toThrow(expect.objectContaining({ code: 'proof_invalid' }))
    }
})

test('a bundle of entries has the leaves that the tile of level 0 has the hashes of', async () => {
  const running = await started()
  await grow(
    running,
    Array.from({ length: 300 }, (_, n) => String(n % 3)),
  )
  const size = await signed(running)
  const bundles = ['tile/entries/000', `tile/entries/001.p/${size - 256}`, 'tile/entries/000.p/7']
  const tiles = ['tile/0/000', `tile/0/001.p/${size - 256}`, 'tile/0/000']
  for (const [at, path] of bundles.entries()) {
    const entries = entriesIn(Buffer.from((await running.proofs.file(path))!))
    const tile = Buffer.from((await running.proofs.file(tiles[at]!))!)
    expect(entries.length).toBe([256, size - 256, 7][at])
    for (const [n, entry] of entries.entries()) expect(leafHash(entry)).toEqual(tile.subarray(32 * n, 32 * (n + 1)))
  }
  for (const path of [
    'tile/entries/001',
    `tile/entries/001.p/${size - 255}`,
    'tile/entries/002',
    'tile/entries/000.p/256',
  ])
    expect(await running.proofs.file(path), path).toBeUndefined()
})

function entriesIn(bundle: Buffer): readonly Buffer[] {
  const entries: Buffer[] = []
  for (let at = 0; at < bundle.length; at += 2 + bundle.readUInt16BE(at))
    entries.push(bundle.subarray(at + 2, at + 2 + bundle.readUInt16BE(at)))
  return entries
}

function eventJson(event: RecordedEvent): unknown {
  return JSON.parse(JSON.stringify(event))
}

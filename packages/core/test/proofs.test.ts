// The Merkle tree of a running system: it follows the log, its checkpoints are signed, and a log that is not the one that was signed is found and named.

import { once } from 'node:events'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { defineSystem, openSystem, type ProofsOptions, type RunningSystem, startSystem } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import {
  checkProof,
  checkpointFile,
  newSignerKey,
  openCheckpoint,
  provesConsistency,
  readCheckpoint,
  signNote,
  verifierKey,
  witness,
} from 'indelible/proofs'
import { expect, onTestFinished, test } from 'vitest'
import { linuxMissing, skippedBecause } from '../../../scripts/skips.ts'
import { temporaryDirectory } from '../src/file/test-support.ts'

const system = defineSystem({ name: 'proved', commands: [] })
const patience = { timeout: 20_000, interval: 20 }

async function started(dataDir: string, proofs: ProofsOptions = {}): Promise<RunningSystem> {
  const { store, ...storage } = fileStorage({ dataDir, mode: 'run' })
  const running = startSystem(system, { ...storage, store: await store(), tables: memoryTables(), proofs })
  onTestFinished(() => running.close())
  return running
}

let written = 0
async function append({ store }: RunningSystem, count: number): Promise<number> {
  for (let n = 0; n < count; n++)
    await store.append({ events: [{ stream: `account-${n % 7}`, type: 'Happened', data: { n: written++ } }] })
  return (await store.head()).position
}

async function signed(running: RunningSystem): Promise<number> {
  const { position } = await running.store.head()
  await running.waitFor({ name: '$tree' }, position, { timeoutMs: 20_000 })
  return position
}

async function treeStatus(running: RunningSystem) {
  const status = await running.consumers.show({ name: '$tree' })
  if (status.kind !== 'tree') throw new Error('not the tree')
  return status
}

test('every event gets into a signed checkpoint, is proved against it, and a later tree is consistent with an earlier one', async () => {
  const running = startSystem(system, { proofs: { origin: 'bank.example/log' } })
  onTestFinished(() => running.close())
  await append(running, 300)
  const first = await signed(running)
  const { checkpoint, keys } = await running.proofs.latest()
  const earlier = openCheckpoint(checkpoint, keys.map(verifierKey))
  expect(earlier).toMatchObject({ origin: 'bank.example/log', size: first })
  for (const position of [1, 2, 256, 257, first]) {
    const { event, proof } = await running.proofs.event(position)
    expect(checkProof(proof, keys.map(verifierKey)).event).toMatchObject({ position, type: event.type })
  }
  await expect(running.proofs.event(first + 1)).rejects.toMatchObject({ code: 'invalid_position' })
  await append(running, 300)
  const second = await signed(running)
  const proved = await running.proofs.consistency({ from: first })
  expect(proved.to.size).toBe(second)
  expect(Buffer.from(proved.from.root)).toEqual(Buffer.from(earlier.root))
  expect(provesConsistency(proved)).toBe(true)
})

test('without proofs in the configuration there is no tree, and asking for a proof says so', async () => {
  const running = startSystem(system)
  onTestFinished(() => running.close())
  await expect(running.proofs.event(1)).rejects.toMatchObject({ code: 'proofs_missing' })
  await expect(running.consumers.show({ name: '$tree' })).rejects.toMatchObject({ code: 'unknown_consumer' })
})

test('after a restart the tree goes on, with the same key, and the log has one record of the key', async () => {
  const dataDir = temporaryDirectory()
  const before = await started(dataDir)
  await append(before, 10)
  await signed(before)
  const { keys } = await before.proofs.latest()
  await before.close()
  expect(statSync(join(dataDir, 'keys', 'tree.keys')).mode & 0o777).toBe(0o600)
  const after = await started(dataDir)
  const head = await append(after, 1)
  expect(head).toBe(12)
  await signed(after)
  expect((await after.proofs.latest()).keys).toEqual(keys)
  const [batch] = await Array.fromAsync(after.store.read([{ types: ['$ProofKeyUsed'] }]))
  expect(batch!.events.map(({ data }) => data)).toEqual([{ key: keys[0], before: null }])
})

test('a new key signs together with the one before, and the log records it', async () => {
  const running = startSystem(system, { proofs: {} })
  onTestFinished(() => running.close())
  await append(running, 1)
  await signed(running)
  const { keys: old } = await running.proofs.latest()
  const [newest] = await running.proofs.rotateKey({ actor: 'ann' })
  await signed(running)
  const { checkpoint, keys } = await running.proofs.latest()
  expect(keys).toEqual([newest, old[0]])
  for (const key of keys) expect(openCheckpoint(checkpoint, [verifierKey(key)]).signedBy).toHaveLength(1)
  const [batch] = await Array.fromAsync(running.store.read([{ types: ['$ProofKeyUsed'] }], { direction: 'backwards' }))
  expect(batch!.events[0]).toMatchObject({ data: { key: newest, before: old[0] }, metadata: { actor: 'ann' } })
})

test('a paused tree stands still, also after a restart, and catches up when it is resumed', async () => {
  const dataDir = temporaryDirectory()
  const before = await started(dataDir)
  await signed(before)
  await before.consumers.pause({ name: '$tree' })
  await append(before, 20)
  await before.close()
  const after = await started(dataDir)
  await expect.poll(async () => (await treeStatus(after)).state, patience).toBe('paused')
  expect((await treeStatus(after)).lagEvents).toBeGreaterThanOrEqual(20)
  await after.consumers.resume({ name: '$tree' })
  await signed(after)
  expect(await treeStatus(after)).toMatchObject({ state: 'running', lagEvents: 0 })
})

test('tiles that are lost are built again, and give the same tree', async () => {
  const dataDir = temporaryDirectory()
  const before = await started(dataDir)
  await append(before, 600)
  await signed(before)
  await before.close()
  rmSync(join(dataDir, 'proofs', 'tile'), { recursive: true })
  const after = await started(dataDir)
  await append(after, 1)
  await signed(after)
  const { keys } = await after.proofs.latest()
  checkProof((await after.proofs.event(300)).proof, keys.map(verifierKey))
})

test('partial tiles go when the whole tile is there', async () => {
  const dataDir = temporaryDirectory()
  const running = await started(dataDir)
  await append(running, 100)
  await signed(running)
  expect(existsSync(join(dataDir, 'proofs', 'tile/0/000.p'))).toBe(true)
  await append(running, 200)
  await signed(running)
  expect(existsSync(join(dataDir, 'proofs', 'tile/0/000.p'))).toBe(false)
  expect(readFileSync(join(dataDir, 'proofs', 'tile/0/000'))).toHaveLength(8192)
})

test('a system that is started from its config grows its tree on a thread, and goes on there after a restart', async () => {
  const dataDir = temporaryDirectory()
  const config = new URL('./proved.config.ts', import.meta.url)
  for (let round = 1; round <= 2; round++) {
    const running = await openSystem(config, { dataDir })
    try {
      await append(running, 300)
      const size = await signed(running)
      const { checkpoint, keys } = await running.proofs.latest()
      const { origin, size: last } = openCheckpoint(checkpoint, keys.map(verifierKey))
      expect(origin).toBe('proved.example/log')
      expect(last).toBeGreaterThanOrEqual(size)
      checkProof((await running.proofs.event(size)).proof, keys.map(verifierKey))
    } finally {
      await running.close()
    }
  }
})

test.runIf(!linuxMissing)(`the thread of the tree gives way to the others${skippedBecause(linuxMissing)}`, async () => {
  const running = await openSystem(new URL('./proved.config.ts', import.meta.url), { dataDir: temporaryDirectory() })
  try {
    await append(running, 1)
    await signed(running)
    // The fields behind the name of the thread, which may have spaces; the 19th of all is the niceness.
    const nicenessOf = (task: string) =>
      Number(readFileSync(`/proc/self/task/${task}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[16])
    const all = readdirSync('/proc/self/task').map(nicenessOf)
    expect(all.filter((each) => each === 10)).toHaveLength(1)
    expect(nicenessOf(String(process.pid))).toBe(0)
  } finally {
    await running.close()
  }
})

test('a log that was put back to an older copy is found at the start as cut short, and nothing is signed until the right log is back', async () => {
  const dataDir = temporaryDirectory()
  const before = await started(dataDir)
  await append(before, 20)
  await before.close()
  cpSync(join(dataDir, 'log'), join(dataDir, 'copy'), { recursive: true })
  const later = await started(dataDir)
  await append(later, 20)
  const size = await signed(later)
  await later.close()
  cpSync(join(dataDir, 'log'), join(dataDir, 'right'), { recursive: true })
  const put = (from: string) => {
    rmSync(join(dataDir, 'log'), { recursive: true })
    cpSync(join(dataDir, from), join(dataDir, 'log'), { recursive: true })
  }
  put('copy')
  const restored = await started(dataDir)
  await expect.poll(async () => (await treeStatus(restored)).state, patience).toBe('diverged')
  const head = (await restored.store.head()).position
  expect((await treeStatus(restored)).misfit).toEqual({ kind: 'cut short', position: head + 1, signed: size, head })
  await restored.consumers.resume({ name: '$tree' })
  await expect.poll(async () => (await treeStatus(restored)).state, patience).toBe('diverged')
  await expect(restored.waitFor({ name: '$tree' }, size + 1)).rejects.toMatchObject({ code: 'tree_diverged' })
  // It goes on with other events.
  await append(restored, 60)
  await restored.close()
  const forked = await started(dataDir)
  await expect.poll(async () => (await treeStatus(forked)).misfit?.kind, patience).toBe('forked')
  expect((await treeStatus(forked)).misfit?.position).toBe(head + 1)
  await forked.close()
  put('right')
  const right = await started(dataDir)
  await append(right, 1)
  await signed(right)
})

test('a receiver that holds a later checkpoint finds that log and tree were put back together', async () => {
  const [dataDir, outside] = [temporaryDirectory(), join(temporaryDirectory(), 'checkpoint')]
  const publish = [checkpointFile(outside, { everyMs: 10 })]
  const before = await started(dataDir, { publish })
  await append(before, 5)
  await signed(before)
  await before.close()
  const copy = temporaryDirectory()
  cpSync(dataDir, copy, { recursive: true })
  const later = await started(dataDir, { publish })
  await append(later, 5)
  const size = await signed(later)
  await expect.poll(async () => (await treeStatus(later)).publications[0]!.position, patience).toBe(size)
  await later.close()
  const restored = await started(copy, { publish })
  await expect.poll(async () => (await treeStatus(restored)).state, patience).toBe('diverged')
  expect((await treeStatus(restored)).error?.message).toContain(`has ${size} events`)
})

test.each(['https://witness.example/?log=1', 'https://witness.example#top', 'witness.example'])(
  '%s is not the URL of a witness: no path can stand behind it',
  (url) => {
    const { verifier } = newSignerKey('witness.example', 'cosignature')
    const refused = expect.objectContaining({ code: 'config_invalid' })
    expect(() => witness(url, { key: verifier.text })).toThrow(refused)
  },
)

test('a witness gets proofs of consistency, and its signatures are checked and kept', async () => {
  const [own, other] = [newSignerKey('witness.example', 'cosignature'), newSignerKey('witness.example', 'cosignature')]
  let signer = other
  let seen = { size: 0, root: Buffer.alloc(0) as Uint8Array }
  const answers: number[] = []
  const server = await listening(async (body) => {
    const [head, ...lines] = body.slice(0, body.indexOf('\n\n')).split('\n')
    const note = body.slice(body.indexOf('\n\n') + 2)
    const next = readCheckpoint(note)
    if (head !== `old ${seen.size}`) return { status: 409, text: `${seen.size}\n` }
    const proof = lines.map((line) => Buffer.from(line, 'base64'))
    if (seen.size > 0 && !provesConsistency({ from: seen, to: next, proof })) return { status: 422, text: '' }
    // The answer with a wrong signature is not kept.
    if (signer === own) seen = next
    return { status: 200, text: signNote(note.slice(0, note.indexOf('\n\n') + 1), [signer], 0).split('\n\n')[1]! }
  }, answers)
  const publish = [witness(server, { key: own.verifier.text, everyMs: 10 })]
  const running = startSystem(system, { proofs: { publish } })
  onTestFinished(() => running.close())
  await append(running, 5)
  const size = await signed(running)
  await expect
    .poll(async () => (await treeStatus(running)).publications[0]!.error?.message, patience)
    .toMatch(/no right signature/)
  signer = own
  const published = async () => (await treeStatus(running)).publications[0]!.position
  await expect.poll(published, patience).toBeGreaterThanOrEqual(size)
  const { cosigned } = await running.proofs.latest()
  expect(openCheckpoint(cosigned!, [own.verifier]).size).toBeGreaterThanOrEqual(size)
  const later = await append(running, 10)
  await expect.poll(published, patience).toBeGreaterThanOrEqual(later)
  // It has signed more than this log has.
  seen = { size: 1000, root: seen.root }
  await append(running, 1)
  await expect.poll(async () => (await treeStatus(running)).state, patience).toBe('diverged')
  expect((await treeStatus(running)).error).toMatchObject({ code: 'tree_diverged' })
  expect(answers).toEqual(expect.arrayContaining([200, 409]))
})

/** A server on a free port. */
async function listening(
  handle: (body: string) => Promise<{ status: number; text: string }>,
  answers: number[],
): Promise<string> {
  const server = createServer(async (incoming, outgoing) => {
    const { status, text } = await handle(Buffer.concat(await Array.fromAsync(incoming)).toString())
    answers.push(status)
    outgoing.writeHead(status).end(text)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

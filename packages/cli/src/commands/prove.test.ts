// Proofs and signed logs on the command line, of a log that its writer has closed.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineSystem, startSystem } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { checkProof, openCheckpoint, provesConsistency, verifierKey } from 'indelible/proofs'
import { expect, test } from 'vitest'
import { binary, temporaryDirectory } from '../../test/support.ts'

const system = defineSystem({ name: 'proved', commands: [] })

/** Appends events to a log and signs it. Gives its public key. */
async function signedLog(data: string, events: number): Promise<string> {
  const { store: open, ...storage } = fileStorage({ dataDir: data, mode: 'run' })
  const store = await open()
  const proofs = { origin: 'bank.example/log' }
  const running = startSystem(system, { ...storage, store, tables: memoryTables(), proofs })
  for (let n = 0; n < events; n++)
    await store.append({ events: [{ stream: 'account-1', type: 'Opened', data: { n } }] })
  await running.waitFor({ name: '$tree' }, (await store.head()).position)
  const { keys } = await running.proofs.latest()
  await running.close()
  return keys[0]!
}

test('prove prints a proof that can be checked with the public key', async () => {
  const data = temporaryDirectory()
  const key = await signedLog(data, 20)
  const { code, out, err } = await binary(['prove', '7', '--data', data])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(checkProof(out, [verifierKey(key)]).event).toMatchObject({ position: 7 })
  const json = JSON.parse((await binary(['prove', '7', '--data', data, '--json'])).out)
  expect(json).toMatchObject({ position: 7, event: { position: 7 }, proof: out })
})

test('prove --consistency proves that a log is the beginning of a later one', async () => {
  const data = temporaryDirectory()
  await signedLog(data, 20)
  const argv = ['prove', '--consistency', '5', '13', '--data', data]
  const { from, to, proof } = JSON.parse((await binary([...argv, '--json'])).out)
  const bytes = (base64: string) => Buffer.from(base64, 'base64')
  const head = ({ size, root }: { size: number; root: string }) => ({ size, root: bytes(root) })
  expect(provesConsistency({ from: head(from), to: head(to), proof: proof.map(bytes) })).toBe(true)
  expect((await binary(argv)).out).toBe(
    `from 5 ${from.root}\nto 13 ${to.root}\n${proof.map((hash: string) => `${hash}\n`).join('')}`,
  )
  const last = JSON.parse((await binary(['prove', '--consistency', '5', '--data', data, '--json'])).out)
  expect(last).toMatchObject({ from, to: { size: 21 }, checkpoint: expect.stringContaining('bank.example/log') })
})

test.each([
  [['prove'], 2, 'Give the position'],
  [['prove', '1', '--consistency', '1'], 2, 'Give the position'],
  [['prove', '0'], 2, 'at least 1'],
  [['prove', '99'], 2, 'positions 1 to 4'],
  [['prove', '--consistency', '3', '2'], 2, 'not less'],
  [['prove', '--consistency', '1', '2', '3'], 2, 'one or two'],
])('%j ends with %i and says why', async (argv, code, why) => {
  const data = temporaryDirectory()
  await signedLog(data, 3)
  const result = await binary([...argv, '--data', data])
  expect(result).toMatchObject({ code, out: '' })
  expect(result.err).toContain(why)
})

test('without a tree there is nothing to prove, and verify does not mention one', async () => {
  const data = temporaryDirectory()
  const store = await fileStorage({ dataDir: data, mode: 'run' }).store()
  await store.append({ events: [{ stream: 'account-1', type: 'Opened', data: {} }] })
  await store.close()
  expect(await binary(['prove', '1', '--data', data])).toMatchObject({ code: 3, out: '' })
  expect(JSON.parse((await binary(['verify', '--data', data, '--json'])).out).signed).toBeNull()
})

test('verify compares the log with the last checkpoint, or with one that was kept elsewhere', async () => {
  const [data, elsewhere] = [temporaryDirectory(), join(temporaryDirectory(), 'checkpoint')]
  const key = await signedLog(data, 10)
  const older = temporaryDirectory()
  cpSync(data, older, { recursive: true })
  await signedLog(data, 10)
  cpSync(join(data, 'proofs', 'checkpoint'), elsewhere)
  const good = await binary(['verify', '--data', data, '--checkpoint', elsewhere, '--key', key])
  expect(good.code).toBe(0)
  expect(good.out).toContain(
    `the 21 events of the checkpoint ${elsewhere} of bank.example/log (its signature is right)`,
  )
  const kept = await binary(['verify', '--data', data])
  expect(kept.out).toContain('the 21 events of the last checkpoint of bank.example/log (its signature was not checked')
  // The whole data directory was put back.
  expect((await binary(['verify', '--data', older])).code).toBe(0)
  const restored = await binary(['verify', '--data', older, '--checkpoint', elsewhere, '--json'])
  expect(restored.code).toBe(6)
  expect(JSON.parse(restored.out).signed.misfit).toEqual({ kind: 'cut short', position: null, signed: 21, head: 11 })
  expect(JSON.parse(restored.err)).toMatchObject({ error: { code: 'tree_diverged', details: { kind: 'cut short' } } })
  writeFileSync(elsewhere, readFileSync(elsewhere, 'utf8').replace('\n21\n', '\n20\n'))
  const forged = await binary(['verify', '--data', data, '--checkpoint', elsewhere, '--key', key])
  expect(forged.code).toBe(2)
  expect(forged.err).toContain('The signature of bank.example/log is wrong')
  expect(() => openCheckpoint(readFileSync(elsewhere, 'utf8'), [verifierKey(key)])).toThrow()
})

// Independent verification: a program in Go, with golang.org/x/mod/sumdb of Debian, accepts our checkpoints, proofs and bundles of evidence, and rejects every changed bit of them.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { defineSystem, type RunningSystem, startSystem } from 'indelible'
import { newSignerKey } from 'indelible/proofs'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { madeBundle, unpacked } from '../../packages/cli/test/bundles.ts'
import { draws, hours, long } from '../../scripts/campaign.ts'
import { skippedBecause } from '../../scripts/skips.ts'

const gopath = '/usr/share/gocode'
const missing = whyNoGo()
const why = skippedBecause(missing)

const dir = mkdtempSync(join(tmpdir(), 'indelible-go-'))
const program = join(dir, 'verifier')

beforeAll(() => {
  if (missing) return
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: gopath, GOFLAGS: '', CGO_ENABLED: '0' }
  const sources = ['main.go', 'bundle.go'].map((name) => join(import.meta.dirname, name))
  execFileSync('go', ['build', '-o', program, ...sources], { env })
})

afterAll(() => rmSync(dir, { recursive: true }))

const system = defineSystem({ name: 'proved', commands: [] })
const origin = 'bank.example/log'

test.skipIf(missing)(
  `Go accepts our checkpoints, proofs of inclusion and proofs of consistency, of many sizes${why}`,
  async () => {
    const draw = draws()
    const running = started()
    const cases: Case[] = []
    for (let round = 0; round < (long ? 200 : 12); round++) {
      await grow(running, 1 + draw(round % 3 === 0 ? 300 : 9))
      const size = (await running.store.head()).position
      cases.push(await checkpointCase(running), await inclusionCase(running, 1 + draw(size)))
      cases.push(await consistencyCase(running, 1 + draw(size)))
    }
    expect(await verdicts(cases)).toEqual(cases.map(() => 'accepted'))
  },
)

test.skipIf(missing)(`Go accepts them after a rotation with the key before and with both${why}`, async () => {
  const running = started()
  await grow(running, 5)
  const { keys: old } = await running.proofs.latest()
  await running.proofs.rotateKey()
  await grow(running, 1)
  const { checkpoint, keys } = await running.proofs.latest()
  const withKeys = (chosen: readonly string[]) => ({ kind: 'checkpoint', keys: chosen, text: checkpoint }) as const
  // The program wants exactly the signatures of its keys.
  expect(await verdicts([withKeys(keys), withKeys([...keys].reverse())])).toEqual(['accepted', 'accepted'])
  expect((await verdicts([withKeys(old)]))[0]).toContain('not all keys')
})

test.skipIf(missing)(
  `Go rejects every changed bit of a checkpoint, of a proof of inclusion and of a proof of consistency${why}`,
  async () => {
    const running = started()
    await grow(running, 37)
    for (const good of [
      await checkpointCase(running),
      await inclusionCase(running, 21),
      await consistencyCase(running, 11),
    ]) {
      const bytes = Buffer.from(good.text)
      const changed = Array.from({ length: bytes.length * 8 }, (_, bit) => {
        const copy = Buffer.from(bytes)
        copy[bit >> 3]! ^= 1 << (bit & 7)
        return { ...good, text: copy }
      })
      const [accepted, ...others] = await verdicts([good, ...changed])
      expect(accepted).toBe('accepted')
      expect(others.flatMap((verdict, bit) => (verdict.startsWith('rejected: ') ? [] : [{ bit, verdict }]))).toEqual([])
      expect(others).toHaveLength(changed.length)
    }
  },
)

test.skipIf(missing)(
  `Go accepts bundles of evidence of many lengths, as they come from the command${why}`,
  async () => {
    const draw = draws()
    const cases: Case[] = []
    for (let round = 0; round < (long ? 30 : 3); round++) {
      const { file, key } = await madeBundle(1 + draw(round % 3 === 0 ? 600 : 9))
      cases.push({ kind: 'bundle', keys: [key], text: readFileSync(file) })
    }
    expect(await verdicts(cases)).toEqual(cases.map(() => 'accepted'))
    expect((await verdicts([{ ...cases[0]!, keys: [newSignerKey(origin).verifier.text] }]))[0]).toContain('rejected')
  },
)

test.skipIf(missing)(
  `Go rejects every changed bit of a bundle, and of what is signed also with the sums computed again${why}`,
  hours,
  async () => {
    const { file, key } = await madeBundle(5)
    const bundle = await unpacked(file)
    const good: Case = { kind: 'bundle', keys: [key], text: readFileSync(file) }
    const draw = draws()
    let tried = 0
    for (const [name, bytes] of bundle) {
      const bits = bytes.length * 8
      const chosen = Array.from({ length: long ? bits : 300 }, (_, n) => (long ? n : draw(bits)))
      const isSigned = ['events.ndjson', 'keys.ndjson', 'checkpoint'].includes(name)
      for (const sums of isSigned ? [false, true] : [false]) {
        const changed = chosen.map((bit): Case => ({ ...good, text: '', file: name, bit, sums }))
        const [accepted, ...others] = await verdicts([good, ...changed])
        expect(accepted).toBe('accepted')
        expect(others).toHaveLength(chosen.length)
        tried += others.length
        const accepts = chosen.filter((_, n) => !others[n]!.startsWith('rejected: '))
        expect(accepts, `${name}, sums again: ${sums}`).toEqual([])
      }
    }
    if (long) console.log(`changed bits of a bundle: ${tried}`)
  },
)

interface Case {
  readonly kind: 'checkpoint' | 'inclusion' | 'consistency' | 'bundle'
  readonly keys: readonly string[]
  readonly text: string | Buffer
  readonly oldRoot?: string
  readonly file?: string
  readonly bit?: number
  readonly sums?: boolean
}

function started(): RunningSystem {
  const running = startSystem(system, { proofs: { origin } })
  onTestFinished(() => running.close())
  return running
}

async function grow(running: RunningSystem, events: number): Promise<void> {
  const { store } = running
  await store.append({
    events: Array.from({ length: events }, (_, n) => ({ stream: 'account-1', type: 'Happened', data: { n } }) as const),
  })
  const { position } = await store.head()
  await running.waitFor({ name: '$tree' }, position)
}

async function checkpointCase({ proofs }: RunningSystem): Promise<Case & { readonly text: string }> {
  const { checkpoint, keys } = await proofs.latest()
  return { kind: 'checkpoint', keys, text: checkpoint }
}

async function inclusionCase(running: RunningSystem, position: number): Promise<Case & { readonly text: string }> {
  const { keys } = await checkpointCase(running)
  return { kind: 'inclusion', keys, text: (await running.proofs.event(position)).proof }
}

async function consistencyCase(running: RunningSystem, from: number): Promise<Case & { readonly text: string }> {
  const { keys } = await checkpointCase(running)
  const { proof, checkpoint, from: old } = await running.proofs.consistency({ from })
  const lines = proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')
  const oldRoot = Buffer.from(old.root).toString('base64')
  return { kind: 'consistency', keys, text: `old ${from}\n${lines}\n${checkpoint}`, oldRoot }
}

async function verdicts(cases: readonly Case[]): Promise<string[]> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = text(child.stdout)
  for (const each of cases)
    child.stdin.write(`${JSON.stringify({ ...each, text: Buffer.from(each.text).toString('base64') })}\n`)
  child.stdin.end()
  return (await answers).trimEnd().split('\n')
}

function whyNoGo(): string | undefined {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' })
  } catch {
    return 'there is no Go here, golang-go of Debian'
  }
  const isThere = existsSync(`${gopath}/src/golang.org/x/mod/sumdb/note`)
  return isThere ? undefined : 'golang.org/x/mod is not here, golang-golang-x-mod-dev of Debian'
}

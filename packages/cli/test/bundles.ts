// Logs with a tree, and bundles of evidence that somebody changed.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { defineSystem, type NewEvent, type ProofsOptions, type RunningSystem, startSystem } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { verifierKey } from 'indelible/proofs'
import { openPromise } from 'yauzl'
import { ZipFile } from 'yazl'
import { type BundleReport, verifyBundle } from '../src/evidence/index.ts'
import { cli, temporaryDirectory } from './support.ts'

/** The files of a bundle, by name. */
export type Bundle = ReadonlyMap<string, Buffer>

const system = defineSystem({ name: 'proved', commands: [] })

/** Does something with a system that keeps a tree of its log, then signs everything. Gives its public keys. */
export async function withTree(
  dataDir: string,
  act: (running: RunningSystem) => Promise<unknown>,
  proofs: ProofsOptions = {},
): Promise<readonly string[]> {
  const { store: open, ...storage } = fileStorage({ dataDir, mode: 'run' })
  const store = await open()
  const options = { origin: 'bank.example/log', ...proofs }
  const running = startSystem(system, { ...storage, store, tables: memoryTables(), proofs: options })
  // Its first event is the record of the key.
  await running.waitFor({ name: '$tree' }, 1)
  await act(running)
  await running.waitFor({ name: '$tree' }, (await store.head()).position, { timeoutMs: 20_000 })
  const { keys } = await running.proofs.latest()
  await running.close()
  return keys
}

/** Deposits to account-1 and events of other streams between them. */
export function someEvents(count: number): readonly NewEvent[] {
  return Array.from({ length: count }, (_, n): readonly NewEvent[] => [
    {
      stream: 'account-1',
      type: 'Deposited',
      data: { amount: n, note: 'für <Ann> & "Bob"' },
      metadata: { actor: 'ann', reason: 'Salary', command: { type: 'Deposit', code: '00ff00ff00ff00ff' } },
      tags: ['owner:ann'],
      ...(n % 3 === 0 ? { validAt: '1993-01-31' } : {}),
    },
    { stream: `other-${n}`, type: 'Happened', data: {} },
  ]).flat()
}

/** A bundle of account-1 of a new log, in a directory. */
export async function madeBundle(
  count: number,
  directory = temporaryDirectory(),
): Promise<{
  readonly file: string
  readonly data: string
  readonly key: string
}> {
  const data = join(directory, 'data')
  const [key] = await withTree(data, ({ store }) => store.append({ events: someEvents(count) }))
  const file = join(directory, 'account-1.zip')
  const { code, err } = await cli(['evidence', 'account-1', '--data', data, '--out', file])
  if (code !== 0) throw new Error(err)
  return { file, data, key: key! }
}

export async function unpacked(file: string): Promise<Bundle> {
  const zip = await openPromise(file)
  const files = new Map<string, Buffer>()
  for await (const entry of zip.eachEntry()) {
    const parts = await Array.fromAsync(await zip.openReadStreamPromise(entry))
    files.set(entry.fileName, Buffer.concat(parts as Buffer[]))
  }
  return files
}

/** Writes a bundle with any files. */
export async function packed(
  files: Iterable<readonly [name: string, content: Buffer | string]>,
  directory = temporaryDirectory(),
): Promise<string> {
  const file = join(directory, 'changed.zip')
  const zip = new ZipFile()
  for (const [name, content] of files) zip.addBuffer(Buffer.from(content), name)
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(file))
  return file
}

/** The bundle with some files changed or removed, and all sums computed again: what somebody does who knows how. */
export function changed(bundle: Bundle, changes: Readonly<Record<string, Buffer | string | undefined>>): Bundle {
  const files = new Map(bundle)
  for (const [name, content] of Object.entries(changes))
    if (content === undefined) files.delete(name)
    else files.set(name, Buffer.from(content))
  if (!('SHA256SUMS' in changes)) {
    files.delete('SHA256SUMS')
    const sums = [...files].map(([name, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`)
    files.set('SHA256SUMS', Buffer.from(sums.join('')))
  }
  return files
}

export function linesIn(bundle: Bundle, name = 'events.ndjson'): string[] {
  return bundle.get(name)!.toString().split('\n').slice(0, -1)
}

export function textOfLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

/** What `evidence verify` finds. */
export async function verified(
  bundle: Bundle,
  { keys = [], directory }: { readonly keys?: readonly string[]; readonly directory?: string } = {},
): Promise<BundleReport> {
  const file = await packed(bundle, directory)
  const { signal } = new AbortController()
  return await verifyBundle({ file, keys: keys.map(verifierKey), onProgress: () => {}, signal })
}

export function withBit(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}

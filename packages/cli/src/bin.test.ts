// The binary, started from a shell.
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { skippedBecause } from '../../../scripts/skips.ts'
import { append, appendHistory } from '../test/append.ts'
import { bin, binary, ended, start, temporaryDirectory } from '../test/support.ts'
import { exitCodes } from './errors/index.ts'

describe('an old Node', () => {
  const oldNode = nodesOnPath().find((node) => Number(versionOf(node).split('.')[0]) < 22)

  // The version check can be tested without an old Node; that old Nodes can parse the file needs one.
  test('is recognised by its version', () => {
    const codeAs = (version: string) => {
      const pretend = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${version}'})`
      return spawnSync(process.execPath, ['--conditions=@indelible/source', '--import', pretend, bin, '--version'])
        .status
    }
    expect(['12.22.0', '22.17.1', '22.18.0', '26.0.0'].map(codeAs)).toEqual([
      exitCodes.nodeTooOld,
      exitCodes.nodeTooOld,
      0,
      0,
    ])
  })

  const missing = oldNode === undefined ? 'there is no Node below 22 on the PATH' : undefined
  test.skipIf(missing)(`gets one clear line${skippedBecause(missing)}`, () => {
    const { status, stdout, stderr } = spawnSync(oldNode!, [bin, 'stat'], { encoding: 'utf8' })
    expect({ status, stdout }).toEqual({ status: exitCodes.nodeTooOld, stdout: '' })
    expect(stderr).toBe(
      `error: Indelible needs Node 22.18 or newer; this is ${versionOf(oldNode!)}. ` +
        'Run it with npm (npm run indelible -- ...), which uses the pinned Node 24, or upgrade Node.\n',
    )
    const asJson = spawnSync(oldNode!, [bin, 'stat', '--json'], { encoding: 'utf8' })
    expect(JSON.parse(asJson.stderr)).toMatchObject({ error: { code: 'node_too_old' } })
  })
})

test('the binary runs under the name of its package and prints to the real streams', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { code, out, err } = await binary(['read', '--data', dataDir, '--limit', '1'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^1 {2}\S+Z {2}account-1@1 {2}AccountOpened {2}\{"owner":"ann"\}\n$/)
})

test('the end of the reader (| head) ends the binary quietly', async () => {
  const dataDir = temporaryDirectory()
  const note = 'x'.repeat(10_000)
  await append(
    dataDir,
    Array.from({ length: 200 }, () => ({ stream: 'note-1', type: 'NoteTaken', data: { note } }) as const),
  )
  const child = start([bin, 'read', '--data', dataDir])
  child.stdout!.once('data', () => child.stdout!.destroy())
  expect(await ended(child)).toMatchObject({ code: 0, err: '' })
})

test('a full disk under the output is an error, not a success', () => {
  const script = `"${process.execPath}" --conditions=@indelible/source "${bin}" --help > /dev/full`
  const { status, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' })
  expect(status).toBe(exitCodes.fault)
  expect(stderr).toMatch(/^error: The output cannot be written: ENOSPC.*\n$/)
})

test('Ctrl-C ends tail with 0', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const child = start([bin, 'tail', '--data', dataDir])
  const result = ended(child)
  await once(child.stdout!, 'data')
  child.kill('SIGINT')
  const { code, out, err } = await result
  expect({ code, err, lines: out.split('\n').length - 1 }).toEqual({ code: 0, err: '', lines: 6 })
})

function nodesOnPath(): string[] {
  return (process.env.PATH ?? '')
    .split(':')
    .map((directory) => join(directory, 'node'))
    .filter((node) => versionOf(node) !== '')
}

function versionOf(node: string): string {
  try {
    return execFileSync(node, ['-p', 'process.versions.node'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return ''
  }
}

// `npm start` as a newcomer sees it: the bank is served, and the five commands that it prints do what they say.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPgliteDirectory } from '../../../scripts/pglite-directory.ts'
import { pgliteFlags } from '../../../scripts/pglite-flags.ts'
import { skippedBecause } from '../../../scripts/skips.ts'

const bankBin = fileURLToPath(new URL('../bin/bank.js', import.meta.url))
const curlMissing = (() => {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'there is no curl on this machine'
  }
})()

let dir = ''
let server: ChildProcess
let welcome = ''

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'indelible-serve-'))
  await newPgliteDirectory(join(dir, 'tables'))
  await start()
})
afterAll(async () => {
  await stop()
  rmSync(dir, { recursive: true, force: true })
})

async function start(): Promise<void> {
  server = spawn(
    process.execPath,
    ['--conditions=@indelible/source', ...pgliteFlags, bankBin, 'serve', '--data', dir, '--port', '0'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  welcome = ''
  for await (const chunk of server.stdout!.iterator({ destroyOnReturn: false })) {
    welcome += chunk
    if (welcome.includes('waits for its own write') && welcome.endsWith('\n')) return
  }
}

async function stop(): Promise<number | null> {
  if (server.exitCode !== null) return server.exitCode
  const ended = new Promise<number | null>((resolve) => server.once('exit', resolve))
  server.kill('SIGINT')
  return await ended
}

/** Runs the commands under the n-th heading of the welcome text, and returns what they print. */
function tryLine(n: number): string {
  const commands = welcome.split('\n').filter((line) => line.startsWith('  '))
  expect(commands).toHaveLength(5)
  const printed = execFileSync('bash', ['-c', commands[n - 1]!], { encoding: 'utf8' })
  expect(printed.endsWith('\n')).toBe(true)
  return printed
}

describe.skipIf(curlMissing)(`the five lines${skippedBecause(curlMissing)}`, () => {
  test('show a refused withdrawal, with the balance', () => {
    expect(JSON.parse(tryLine(1))).toMatchObject({ reason: 'InsufficientFunds', details: { balance: 729_40 } })
  })

  test('a transfer', () => {
    expect(tryLine(2)).toContain('"status":"completed"')
  })

  test('show a compensated transfer', () => {
    expect(tryLine(3)).toMatch(/"status":"compensated".*"reason":"AccountClosed"/)
  })

  test('show the state last week', () => {
    expect(JSON.parse(tryLine(4))).toMatchObject({ id: 'ann', state: { balance: 679_50 } })
  })

  test('show a read that waits for its own write', () => {
    const { rows } = JSON.parse(tryLine(5)) as { rows: unknown[] }
    expect(rows).toContainEqual({ account_id: 'ann', owner: 'Ann Marlow', status: 'open', balance: 680_40 })
  })
})

test('the bank reports that it is healthy', async () => {
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(welcome)![0]
  const response = await fetch(`${url}/health`)
  expect([response.status, ((await response.json()) as { status: string }).status]).toEqual([200, 'ok'])
})

test('after a restart the bank still has its history and adds no second one', async () => {
  expect(await stop()).toBe(0)
  await start()
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(welcome)![0]
  const { events } = (await (await fetch(`${url}/streams/account-cora`)).json()) as { events: { type: string }[] }
  const types = events.map(({ type }) => type)
  expect(types.slice(0, 4)).toEqual(['AccountOpened', 'FundsDeposited', 'FundsWithdrawn', 'AccountClosed'])
  expect(types.filter((type) => type === 'AccountOpened')).toHaveLength(1)
})

test('with a Node that is too old the bank prints one line', () => {
  const pretend = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.20.2"})'
  try {
    execFileSync(process.execPath, ['--import', pretend, bankBin], { encoding: 'utf8', stdio: 'pipe' })
    expect.unreachable()
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: string }
    expect([status, stderr.trimEnd().split('\n')]).toEqual([
      5,
      [expect.stringContaining('needs Node 22.18 or newer; this is 20.20.2')],
    ])
  }
})

// What the files of this folder name must exist: commands, flags, ports, paths. Where the tools of the system are there, they check the files too.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { drainMsDefault, serve } from '@indelible/server'
import { defineSystem, startSystem } from 'indelible'
import { expect, onTestFinished, test } from 'vitest'
import { skippedBecause } from '../scripts/skips.ts'

const containerfile = read('Containerfile')
const unit = read('indelible.service')
const compose = read('compose.yaml')

/** The arguments behind the binary of the command line. */
const containerArgs = json(instruction('CMD').at(-1)!)
const unitArgs = settings('ExecStart')[0]!.split(' ').slice(2)

test('both start the command line that is published, with a command and options that it has', () => {
  const { bin, name } = JSON.parse(readFileSync('packages/cli/package.json', 'utf8'))
  const binary = `node_modules/${name}/${bin.indelible.replace('./', '')}`
  expect(json(instruction('ENTRYPOINT')[0]!)).toEqual(['node', binary])
  expect(settings('ExecStart')[0]).toMatch(new RegExp(`^/usr/bin/node ${binary} serve `))
  const help = execFileSync(
    process.execPath,
    ['--conditions=@indelible/source', 'packages/cli/bin/indelible.js', 'serve', '--help'],
    { encoding: 'utf8' },
  )
  for (const args of [containerArgs, unitArgs]) {
    expect(args[0]).toBe('serve')
    const flags = args.filter((arg) => arg.startsWith('--'))
    expect(flags.length).toBeGreaterThan(0)
    for (const flag of flags) expect(help).toContain(`${flag} `)
  }
})

test('the container has two stages on the pinned line of Node, and does not run as root', () => {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const major = devDependencies.node.split('.')[0]
  expect(instruction('FROM')).toEqual([
    `docker.io/library/node:${major}-slim AS build`,
    `docker.io/library/node:${major}-slim`,
  ])
  expect(instruction('USER')).toEqual(['node'])
  expect(instruction('STOPSIGNAL')).toEqual(['SIGTERM'])
  // Everything that builds is before the last stage, so that no tool and no cache is in it.
  expect(containerfile.lastIndexOf('npm ')).toBeLessThan(containerfile.lastIndexOf('FROM '))
})

test('data, port and volume are the same everywhere', () => {
  const [data] = instruction('VOLUME')
  const port = after('--port', containerArgs)
  expect(after('--data', containerArgs)).toBe(data)
  expect(containerfile).toContain(`install -d -m 750 -o node -g node ${data}`)
  expect(instruction('EXPOSE')).toEqual([port])
  expect(compose).toContain(`- log:${data}\n`)
  expect(compose).toContain(`- 127.0.0.1:${port}:${port}\n`)
  expect(after('--data', unitArgs)).toBe(`/var/lib/${settings('StateDirectory')[0]}`)
  expect(after('--host', unitArgs)).toBe('127.0.0.1')
})

test('the health check asks the port of the container for /livez, and tells a server that lives from one that does not', async () => {
  const [, command] = /CMD (\[.*\])$/m.exec(instruction('HEALTHCHECK')[0]!)!
  const [node, ...args] = json(command!)
  expect(node).toBe('node')
  expect(args.join(' ')).toContain(`http://127.0.0.1:${after('--port', containerArgs)}/livez`)
  const check = async (url: string) => {
    const asked = args.map((arg) => arg.replace(/http:\/\/[\d.:]+/, url))
    return await new Promise<number | null>((resolve) => {
      spawn(process.execPath, asked, { stdio: 'ignore' }).on('close', resolve)
    })
  }
  const running = startSystem(defineSystem({ name: 'empty', commands: [] }))
  const server = await serve(running, { port: 0 })
  expect(await check(server.url)).toBe(0)
  await server.close()
  await running.close()
  expect(await check(server.url)).toBe(1)
  const failing = createServer((_, response) => void response.writeHead(503).end()).listen(0, '127.0.0.1')
  onTestFinished(() => void failing.close())
  await new Promise((resolve) => failing.once('listening', resolve))
  expect(await check(`http://127.0.0.1:${(failing.address() as AddressInfo).port}`)).toBe(1)
})

test('the time to stop is longer than draining, closing the server and closing the system take', () => {
  const seconds = Number(settings('TimeoutStopSec')[0])
  // 10 s for requests under way, 15 s for what follows the log, 30 s for projections.
  expect(seconds * 1000).toBeGreaterThanOrEqual(drainMsDefault + 10_000 + 15_000 + 30_000)
  expect(compose).toContain(`stop_grace_period: ${seconds}s\n`)
  expect(containerfile).toContain(`--stop-timeout ${seconds}`)
})

test('the database that the compose file names is the one that it starts, and its config reads that variable', () => {
  const [, user, host, name] = /INDELIBLE_DATABASE: postgres:\/\/(\w+)@(\w+):5432\/(\w+)\n/.exec(compose)!
  expect(compose).toContain(`\n  ${host}:\n    image: docker.io/library/postgres:`)
  expect(compose).toContain(`POSTGRES_USER: ${user}\n`)
  expect(compose).toContain(`POSTGRES_DB: ${name}\n`)
  expect(readFileSync('examples/bank/indelible.config.ts', 'utf8')).toContain('process.env.INDELIBLE_DATABASE')
  // No password stands in a file.
  expect(compose.match(/PASSWORD: .*/g)).toEqual(
    Array(2).fill(`PASSWORD: \${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}`),
  )
})

const noSystemd = spawnSync('systemd-analyze', ['--version']).status === 0 ? undefined : 'there is no systemd-analyze'
test.skipIf(noSystemd)(
  `systemd finds no fault in the unit, and little that it could do to the machine${skippedBecause(noSystemd)}`,
  () => {
    const { stderr } = spawnSync('systemd-analyze', ['verify', 'deploy/indelible.service'], { encoding: 'utf8' })
    // Node may be elsewhere on this machine.
    expect(
      stderr.split('\n').filter((line) => line !== '' && !line.includes('/usr/bin/node is not executable')),
    ).toEqual([])
    const { stdout } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', '--no-pager', 'deploy/indelible.service'],
      { encoding: 'utf8' },
    )
    expect(Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)![1])).toBeLessThan(2)
  },
)

test('the unit lets Node compile at run time', () => {
  expect(settings('MemoryDenyWriteExecute')).toEqual([])
})

function read(name: string): string {
  return readFileSync(`deploy/${name}`, 'utf8')
}

/** What stands behind an instruction of the container file, each time. */
function instruction(name: string): readonly string[] {
  return [...containerfile.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map(([, value]) => value!)
}

/** What a setting of the unit is set to, each time. */
function settings(name: string): readonly string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value!)
}

function json(text: string): readonly string[] {
  return JSON.parse(text) as readonly string[]
}

function after(flag: string, args: readonly string[]): string {
  return args[args.indexOf(flag) + 1]!
}

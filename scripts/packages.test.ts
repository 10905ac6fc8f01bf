// What npm would publish, as its users get it: packed, installed in a fresh folder, type-checked with a small application, and run.
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ourFiles } from './our-files.ts'
import { newPgliteDirectory } from './pglite-directory.ts'
import { pgliteFlags } from './pglite-flags.ts'
import { entries, published } from './published.ts'

const home = mkdtempSync(join(tmpdir(), 'indelible-packages-'))
const tarballs = join(home, 'tarballs')
/** An application with everything, and one with only `indelible` and a schema library. */
const app = join(home, 'app')
const plain = join(home, 'plain')
const application = ourFiles('testing/application/*.ts')
let server: PostgresServer

beforeAll(async () => {
  mkdirSync(tarballs)
  const workspaces = published.flatMap(({ name }) => ['--workspace', name])
  run('npm', ['pack', '--silent', ...workspaces, '--pack-destination', tarballs], resolve('.'))
  const packed = readdirSync(tarballs).map((file) => join(tarballs, file))
  install(app, [
    ...packed,
    ...['zod', 'pg', '@electric-sql/pglite', 'drizzle-orm', 'eslint', '@opentelemetry/api', '@types/node'].map(ours),
  ])
  install(plain, [packed.find((file) => /\/indelible-\d/.test(file))!, ours('zod')])
  server = await startPostgresServer()
}, 240_000)

afterAll(async () => {
  await server?.remove()
  rmSync(home, { recursive: true })
})

describe.each(published)('the tarball of $name', ({ name, exports, files: listed, bin = {} }) => {
  const dir = join(app, 'node_modules', name)
  const files = () => readdirSync(dir, { recursive: true, encoding: 'utf8' })

  test('has every file that its manifest names', () => {
    const named = [...Object.values(exports).flatMap((targets) => Object.values(targets)), ...Object.values(bin)]
    expect([...named, 'LICENSE', 'README.md'].filter((file) => !existsSync(join(dir, file)))).toEqual([])
  })

  test('has only build output, its sources, and these files', () => {
    const parts = [
      'LICENSE',
      'README.md',
      'dist',
      'package.json',
      'src',
      ...(Object.keys(bin).length > 0 ? ['bin'] : []),
      ...listed.filter((file) => ['docs', 'biome', 'operations'].includes(file)),
    ]
    expect(readdirSync(dir).sort()).toEqual(parts.sort())
    const modules = (part: string, end: string) =>
      files().flatMap((file) =>
        file.startsWith(part) && file.endsWith(end) ? file.slice(part.length, -end.length) : [],
      )
    const sources = modules('src/', '.ts').sort()
    for (const end of ['.js', '.js.map', '.d.ts', '.d.ts.map']) expect(modules('dist/', end).sort()).toEqual(sources)
    expect(files().filter((file) => /\.(test|spec|snap|tsbuildinfo)\b|__|test-support|fixture/.test(file))).toEqual([])
  })

  test('maps build output to its source', () => {
    const maps = files().filter((file) => file.endsWith('.map'))
    const lost = maps.filter((map) => {
      const { sources } = JSON.parse(readFileSync(join(dir, map), 'utf8')) as { sources: string[] }
      return !sources.every((source) => existsSync(resolve(dirname(join(dir, map)), source)))
    })
    expect(lost).toEqual([])
  })
})

// Postgres in WebAssembly starts in seconds, or in a minute on a busy machine.
describe('an application of the packages', { timeout: 180_000 }, () => {
  test('uses each of their entries', () => {
    const code = application.map((file) => readFileSync(file, 'utf8')).join('\n')
    const imported = new Set([...code.matchAll(/ from '(.*)'$/gm)].map(([, name]) => name!))
    expect(entries.map(({ name }) => name).filter((name) => !imported.has(name))).toEqual([])
  })

  // Drizzle's declarations for other databases are correct only where their drivers are installed.
  test.each([
    { module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: false, exclude: ['drizzle.ts'] },
    { module: 'preserve', moduleResolution: 'bundler', skipLibCheck: true, exclude: [] },
  ])('is type-checked by the rules of $moduleResolution', ({ exclude, ...resolution }) => {
    const strict = { strict: true, exactOptionalPropertyTypes: true, target: 'es2024', types: ['node'] }
    const compilerOptions = { ...strict, ...resolution, allowImportingTsExtensions: true, noEmit: true }
    writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, exclude }))
    expect(outcome(() => run(resolve('node_modules/.bin/tsc'), [], app))).toBe('')
  })

  // Other packages may be looked up with this condition too; it must not lead to our TypeScript, which Node does not run in node_modules.
  test.each([
    { how: 'by itself', flags: [] },
    { how: 'with --conditions=source', flags: ['--conditions=source'] },
  ])('gets the exports that the public API lists $how', ({ flags }) => {
    const script = `for (const name of process.argv.slice(1)) {
      console.log([name, ...Object.keys(await import(name)).sort().map((each) => '  ' + each), ''].join('\\n'))
    }`
    const names = entries.map(({ name }) => name)
    const offered = run(process.execPath, [...flags, '--input-type=module', '--eval', script, ...names], app)
    expect(offered.trim()).toBe(readFileSync('scripts/public-api.txt', 'utf8').trim())
  })

  test('runs', () => {
    expect(program(['log.ts', join(app, 'data')])).toBe('log ok\n')
    expect(program(['tables.ts', 'postgres', server.connectionString])).toBe('postgres ok\n')
    expect(program(['drizzle.ts'])).toBe('drizzle ok\n')
    expect(program(['http.ts'])).toBe('http ok\n')
    expect(program(['traced.ts'])).toBe('traced ok\n')
    expect(program(['embedded-cli.ts'])).toContain('{ paid: 70 }')
    expect(program(['lint.ts'])).toBe('indelible/no-impure-domain 2\n')
  })

  test('runs the command line', () => {
    const { version } = JSON.parse(readFileSync('packages/cli/package.json', 'utf8')) as { version: string }
    expect(run('npx', ['indelible', '--version'], app)).toBe(`${version}\n`)
    expect(run('npx', ['indelible', '--help'], app)).toContain('Usage: indelible <command>')
  })

  test('with PGlite alone uses it, and gets an error that says what a server needs', async () => {
    const tables = await newPgliteDirectory()
    without(['pg', 'drizzle-orm'], () => {
      expect(program(['tables.ts', 'pglite', tables])).toBe('pglite ok\n')
      expect(program(['tables.ts', 'postgres'])).toContain('run "npm install pg"')
    })
  })

  test('with pg alone uses it, and gets an error that says what embedded tables need', () => {
    without(['@electric-sql', 'drizzle-orm'], () => {
      expect(program(['tables.ts', 'postgres', server.connectionString])).toBe('postgres ok\n')
      expect(program(['tables.ts', 'pglite'])).toContain('run "npm install @electric-sql/pglite"')
    })
  })

  test('works with `indelible` alone', () => {
    expect(readdirSync(join(plain, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      '@standard-schema',
      'indelible',
      'zod',
    ])
    expect(run(process.execPath, ['log.ts', join(plain, 'data')], plain)).toBe('log ok\n')
  })
})

function install(dir: string, packages: readonly string[]): void {
  mkdirSync(dir)
  writeFileSync(join(dir, 'package.json'), '{ "private": true, "type": "module" }')
  for (const file of application) cpSync(file, join(dir, file.split('/').at(-1)!))
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], dir)
}

/** A package of others, in the version that we use ourselves. */
function ours(name: string): string {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as { version: string }
  return `${name}@${version}`
}

function without(packages: readonly string[], check: () => void): void {
  const hidden = (name: string) => join(app, 'node_modules', `.${name}`)
  for (const name of packages) renameSync(join(app, 'node_modules', name), hidden(name))
  try {
    check()
  } finally {
    for (const name of packages) renameSync(hidden(name), join(app, 'node_modules', name))
  }
}

/** Runs a module of the application; returns what it printed, or why it failed. */
function program(args: readonly string[]): string {
  return outcome(() => run(process.execPath, [...pgliteFlags, ...args], app))
}

function outcome(attempt: () => string): string {
  try {
    return attempt()
  } catch (error) {
    return (error as Error).message
  }
}

/** On the Node of this process. */
function run(command: string, args: readonly string[], cwd: string): string {
  const env = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) }
  try {
    return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    const { message, stdout } = error as { message: string; stdout: string }
    throw new Error(`${message}\n${stdout}`)
  }
}

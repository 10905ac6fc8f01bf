// Runs the command line for tests: in this process, which is fast, or as the real binary.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { run } from '../src/index.ts'

export interface Result {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Terminal {
  readonly cwd?: string
  /** Makes stdout and stderr a terminal of this width. */
  readonly columns?: number
  readonly signal?: AbortSignal
  readonly env?: Readonly<Record<string, string>>
}

export const configFile = fileURLToPath(new URL('./indelible.config.ts', import.meta.url))
export const tablesConfigFile = fileURLToPath(new URL('./tables.config.ts', import.meta.url))
export const bin = fileURLToPath(new URL('../bin/indelible.js', import.meta.url))
const appender = fileURLToPath(new URL('./append.ts', import.meta.url))

/** Calls the program in this process. */
export async function cli(
  argv: readonly string[],
  { cwd = tmpdir(), columns, signal, env = {} }: Terminal = {},
): Promise<Result> {
  const stdout = new Screen(columns)
  const stderr = new Screen(columns)
  const code = await run(argv, { stdout, stderr, cwd, env, signal: signal ?? new AbortController().signal })
  return { code, out: stdout.text, err: stderr.text }
}

/** The parsed JSON of every line. */
export function ndjson(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** Runs the binary. */
export async function binary(argv: readonly string[], options: { cwd?: string } = {}): Promise<Result> {
  return ended(start([bin, ...argv], options))
}

/** Starts another process that appends deposits to account-1. */
export function startAppending(dataDir: string, { count, pauseMs }: { count: number; pauseMs: number }): ChildProcess {
  return start([appender, dataDir, String(count), String(pauseMs)])
}

/** Starts Node as `npm run indelible` does, and ends it with the test. */
export function start(argv: readonly string[], { cwd = tmpdir() }: { cwd?: string } = {}): ChildProcess {
  const child = spawn(process.execPath, ['--conditions=@indelible/source', ...argv], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

export async function ended(child: ChildProcess): Promise<Result> {
  let out = ''
  let err = ''
  child.stdout!.setEncoding('utf8').on('data', (text) => (out += text))
  child.stderr!.setEncoding('utf8').on('data', (text) => (err += text))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, out, err }
}

/** A directory that is removed after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'indelible-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

/** A stream that stores what is written; it is a terminal if it has columns. */
export class Screen extends Writable {
  text = ''
  readonly isTTY: boolean
  readonly columns: number

  constructor(columns: number | undefined) {
    super({ decodeStrings: false })
    this.isTTY = columns !== undefined
    this.columns = columns ?? 0
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk
    done()
  }
}

// Runs the tests. Where the process of a test file was ended by a signal, though none of its tests failed, that file is run once more, and it is said so:
// seldom V8 ends with SIGSEGV where threads begin with TypeScript; see vitest.config.ts, whose flags should put an end to it.
import { spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'

const crash = /exited unexpectedly with signal (\w+) during \w+ state while running test file (\S+)/g

/** Passes on what it prints. */
async function vitest(args: readonly string[]): Promise<{ code: number | null; printed: string }> {
  const colour = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
  const child = spawn('vitest', ['run', ...args], {
    stdio: ['inherit', 'pipe', 'pipe'],
    env: { ...process.env, ...colour },
  })
  let printed = ''
  for (const [from, to] of [[child.stdout, process.stdout] as const, [child.stderr, process.stderr] as const]) {
    from.on('data', (bytes: Buffer) => {
      printed += bytes
      to.write(bytes)
    })
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, printed: stripVTControlCharacters(printed) }
}

const { code, printed } = await vitest(process.argv.slice(2))
const crashes = [...printed.matchAll(crash)]
const files = [...new Set(crashes.map(([, , file]) => file!))]
const hasFailed = / FAIL /.test(printed)
if (code === 0 || files.length === 0 || hasFailed) process.exitCode = code ?? 1
else {
  for (const [, signal, file] of crashes)
    console.log(`\nThe process of ${file} was ended by ${signal}. It is run once more.\n`)
  process.exitCode = (await vitest(files)).code ?? 1
}

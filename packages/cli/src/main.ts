// Runs the program with the arguments and streams of this process. Ctrl-C stops the command.
import { run } from './run.ts'

export async function main(): Promise<never> {
  const stop = new AbortController()
  // Only once: a second Ctrl-C kills the process.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const { stdout, stderr, env } = process
  const code = await run(process.argv.slice(2), { stdout, stderr, cwd: process.cwd(), env, signal: stop.signal })
  // All output is written. Resources that a config left open must not keep the process alive.
  process.exit(code)
}

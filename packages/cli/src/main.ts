// Runs the program as this process: its arguments, its streams, Ctrl-C as the signal to stop.
import { run } from './run.ts'

export async function main(): Promise<never> {
  const stop = new AbortController()
  // Once: a second Ctrl-C ends the process the hard way.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const { stdout, stderr } = process
  const code = await run(process.argv.slice(2), { stdout, stderr, cwd: process.cwd(), signal: stop.signal })
  // Everything is written by now. What a config may have left open must not keep a command from ending.
  process.exit(code)
}

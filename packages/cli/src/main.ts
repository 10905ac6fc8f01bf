// Runs the program with the arguments and streams of this process. Ctrl-C stops the command.
import { constants } from 'node:os'
import { run } from './run.ts'
import { type StopSignal, stopSignals } from './session.ts'

export async function main(): Promise<never> {
  const stop = new AbortController()
  let firstAt = 0
  const onSignal = (signal: StopSignal) => {
    if (!stop.signal.aborted) {
      firstAt = performance.now()
      return stop.abort(new DOMException(signal, 'AbortError'))
    }
    // Wrappers such as npm pass on what the terminal has sent to the process already.
    if (performance.now() - firstAt < passedOnMs) return
    // A second one ends the process at once; the log is never harmed by that. In a container the process is the first one, which no signal ends by default.
    process.exit(128 + constants.signals[signal])
  }
  for (const signal of stopSignals) process.on(signal, onSignal)
  const { stdout, stderr, env } = process
  const code = await run(process.argv.slice(2), { stdout, stderr, cwd: process.cwd(), env, signal: stop.signal })
  // All output is written. Resources that a config left open must not keep the process alive.
  process.exit(code)
}

const passedOnMs = 200

// Processes of their own, for what must begin in a fresh one or be killed: they run a script of `children/` with our flags and report to us.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Child {
  /** What the script reports next. Rejects if it ends without another report. */
  report(): Promise<Report>
  /** Asks the script for its next report. */
  ask(): Promise<Report>
  kill(): Promise<void>
  /** Resolves when it has ended in order; rejects if it failed. */
  ended(): Promise<void>
}

export type Report = Readonly<Record<string, number>>

export function startChild(
  script: string,
  args: readonly (string | number)[],
  { flags = [] }: { readonly flags?: readonly string[] } = {},
): Child {
  const path = fileURLToPath(new URL(`children/${script}`, import.meta.url))
  const child = fork(path, args.map(String), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [...process.execArgv, ...flags],
  })
  const reports: Report[] = []
  let arrived = Promise.withResolvers<void>()
  child.on('message', (report) => {
    reports.push(report as Report)
    arrived.resolve()
    arrived = Promise.withResolvers()
  })
  const exit = once(child, 'exit') as Promise<[number | null]>
  const report = async () => {
    while (reports.length === 0) {
      const ended = await Promise.race([arrived.promise.then(() => false), exit.then(() => true)])
      if (ended && reports.length === 0) throw new Error(`${script} ended with ${child.exitCode} and without a report.`)
    }
    return reports.shift()!
  }
  return {
    report,
    async ask() {
      child.send('report')
      return await report()
    },
    async kill() {
      child.kill('SIGKILL')
      await exit
    },
    async ended() {
      const [code] = await exit
      if (code !== 0) throw new Error(`${script} ended with ${code}.`)
    },
  }
}

/** For the scripts: what they tell whoever started them. They end when nobody is left to listen. */
export async function tell(report: Report): Promise<void> {
  process.once('disconnect', () => process.exit())
  await new Promise<void>((resolve, reject) =>
    process.send!(report, undefined, {}, (error: Error | null) => (error ? reject(error) : resolve())),
  )
}

/** The resident memory of this process now, in KiB. */
export function rssKiB(): number {
  return process.memoryUsage.rss() / 1024
}

/** The most resident memory of this process so far, in KiB. Not by `process.resourceUsage()`: where it is more, that says what the process had that forked this one. */
export function peakRssKiB(): number {
  const [, peak] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  if (peak === undefined) throw new Error('This kernel does not say how much memory a process had at most.')
  return Number(peak)
}

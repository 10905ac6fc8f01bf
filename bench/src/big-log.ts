// Logs of millions of events, built once and stored: streams of ten events, each written in four commits among those of a thousand others.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants, cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileStore } from 'indelible/file'
import { manualClock, sequentialIds } from 'indelible/testing'
import type { BigLog } from './case.ts'
import { check } from './check.ts'
import { ours } from './ours.ts'
import { amountOf, payloadOf, payloadsOf, streamOf } from './payload.ts'
import { eventType } from './subject.ts'

export const eventsPerStream = 10
const commitSizes = [1, 2, 3, 4]
const writers = 1024

export interface KeptLogOptions {
  readonly dataDir: string
  readonly fresh: boolean
  readonly progress: (line: string) => void
}

/** Returns the log with this many events, from an earlier run if that completed it in the current format. */
export async function bigLog(events: number, options: KeptLogOptions): Promise<BigLog> {
  return await keptLog(String(events), options, (dir) => build(dir, events, options.progress))
}

/** Returns what `build` made in a directory, from an earlier run if that completed it in the current format. */
export async function keptLog<Log extends { readonly dir: string }>(
  name: string,
  { dataDir, fresh }: KeptLogOptions,
  build: (dir: string) => Promise<Log>,
): Promise<Log> {
  const fingerprint = await formatFingerprint(dataDir)
  const home = join(dataDir, `${name}-${fingerprint}`)
  const marker = join(home, 'complete.json')
  if (!fresh && existsSync(marker)) {
    const kept = JSON.parse(readFileSync(marker, 'utf8')) as Log & { fingerprint: string }
    if (kept.fingerprint === fingerprint) return { ...kept, dir: join(home, 'log') }
  }
  rmSync(home, { recursive: true, force: true })
  mkdirSync(home, { recursive: true })
  const log = await build(join(home, 'log'))
  writeFileSync(marker, `${JSON.stringify({ ...log, fingerprint }, null, 2)}\n`)
  return log
}

async function build(dir: string, events: number, progress: (line: string) => void): Promise<BigLog> {
  const streams = events / eventsPerStream
  check(Number.isInteger(streams), 'a log has whole streams')
  const subject = await ours.open(dir)
  const begin = performance.now()
  let next = 0
  let written = 0
  let amountSum = 0
  let payloadBytes = 0

  const writer = async () => {
    for (let stream = next++; stream < streams; stream = next++) {
      let version = 0
      for (const count of commitSizes) {
        const payloads = payloadsOf(stream, { from: version + 1, count })
        await subject.append(streamOf(stream), version, payloads)
        version += count
        written += count
        for (const payload of payloads) {
          amountSum += payload.amount
          payloadBytes += JSON.stringify(payload).length
        }
      }
    }
  }
  const report = setInterval(() => {
    const percent = Math.floor((written / events) * 100)
    progress(`building a log of ${events.toLocaleString('en-US')} events: ${percent} %`)
  }, 2000)
  try {
    await Promise.all(Array.from({ length: writers }, writer))
    check((await subject.count()) === events, `the log that was built has ${events} events`)
  } finally {
    clearInterval(report)
    await subject.close()
  }
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  progress(`built a log of ${events.toLocaleString('en-US')} events in ${seconds} s`)
  return { dir, events, streams, amountSum, payloadBytes }
}

/** A copy that can be appended to; without copying bytes if the file system can do that. */
export async function copyOf({ dir }: { readonly dir: string }, to: string): Promise<string> {
  await cp(dir, to, { recursive: true, mode: constants.COPYFILE_FICLONE })
  return to
}

/** Whether a stream reads back as it was built. */
export function checkBuiltStream(stream: number, found: readonly { readonly amount: number }[]): void {
  check(found.length >= eventsPerStream, `${streamOf(stream)} has the ${eventsPerStream} events it was built with`)
  for (let version = 1; version <= eventsPerStream; version++) {
    check(
      found[version - 1]!.amount === amountOf(stream, version),
      `${streamOf(stream)} has the amounts it was built with`,
    )
  }
}

/**
 * Changes when the format of the log or its content does: for a log with one event, the names and sizes of its segments and their first bytes.
 * Not all bytes, because a log may contain random numbers and times. A format change that affects none of these needs `--fresh`.
 */
async function formatFingerprint(dataDir: string): Promise<string> {
  const dir = mkdtempSync(join(dataDir, 'sample-'))
  try {
    const stream = streamOf(0)
    const store = await fileStore({ dir, clock: manualClock(), ids: sequentialIds() })
    await store.append({
      events: [{ stream, type: eventType, data: payloadOf(0, 1), tags: ['a:b'] }],
      commandId: 'one',
    })
    await store.close()
    const hash = createHash('sha256').update(JSON.stringify([writers, commitSizes, payloadOf(1, 2)]))
    for (const name of readdirSync(dir).filter((name) => name.endsWith('.log'))) {
      const bytes = readFileSync(join(dir, name))
      hash.update(`${name} ${bytes.length} `).update(bytes.subarray(0, magicBytes))
    }
    return hash.digest('hex').slice(0, 12)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A format has its name and version there. */
const magicBytes = 12

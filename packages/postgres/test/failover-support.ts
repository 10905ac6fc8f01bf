// What the failover campaign needs: the process that writes, and its ledger beside the log.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { type EventStore, isIndelibleError, type RecordedEvent } from 'indelible'
import { expect, onTestFinished } from 'vitest'

export interface FailoverOptions {
  readonly dir: string
  readonly connectionString: string
}

interface Acknowledged {
  readonly commandId: string
  readonly position: number
  /** Of the clock of this machine. */
  readonly ms: number
}

export interface Writing {
  acknowledged(): readonly Acknowledged[]
  /** Waits until some more commands were acknowledged, all of which began after this call. */
  goesOn(): Promise<void>
  /** Ends it once every command under way is acknowledged. Returns the faults that its clients met, by code. */
  end(): Promise<Record<string, number>>
}

const goesOnMsMax = 120_000

export async function writing(options: FailoverOptions): Promise<Writing> {
  const module = new URL('failover-child.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@indelible/source', module, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exit = once(child, 'exit')
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => lines.push(line))
  await Promise.race([once(reader, 'line'), exit])
  expect(lines, 'the process opens the log').toEqual(['open'])

  const acknowledged = () =>
    linesOf(join(options.dir, 'acknowledged')).map(([commandId, position, ms]) => ({
      commandId: commandId!,
      position: Number(position),
      ms: Number(ms),
    }))
  return {
    acknowledged,
    async goesOn() {
      // Each client has at most one command under way.
      const wanted = acknowledged().length + 3 * 64
      const until = performance.now() + goesOnMsMax
      while (acknowledged().length < wanted) {
        if (child.exitCode !== null) expect.fail(`the process ended: ${lines.at(-1)}`)
        if (performance.now() > until) expect.fail(`nothing was written for ${goesOnMsMax} ms`)
        await pause(200)
      }
    },
    async end() {
      child.kill('SIGTERM')
      const [code] = await exit
      expect(code, 'the process ends well').toBe(0)
      return JSON.parse(lines.at(-1)!.replace('faults ', '')) as Record<string, number>
    },
  }
}

/** Compares the log with what the clients were told and what the follower saw. Returns the number of events. */
export async function checkLog(
  store: EventStore,
  { dir, acknowledged }: { dir: string } & Pick<Writing, 'acknowledged'>,
) {
  const written = new Map<string, number>()
  const ids: string[] = []
  for (const { position, id, data } of await eventsOf(store)) {
    ids.push(id)
    expect(position, 'positions have no gaps').toBe(ids.length)
    const { commandId } = data as { commandId: string }
    expect(written.has(commandId), `${commandId} was written once`).toBe(false)
    written.set(commandId, position)
  }
  const told = acknowledged()
  for (const { commandId, position } of told) {
    expect(written.get(commandId), `${commandId}, which was acknowledged, is in the log`).toBe(position)
  }
  expect(written.size, 'every command was acknowledged in the end').toBe(told.length)
  const seen = linesOf(join(dir, 'seen'))
  expect(seen.length).toBeGreaterThan(0)
  seen.forEach(([position, id], index) => {
    expect(Number(position), 'the follower skips nothing').toBe(index + 1)
    expect(id, `what a follower saw at ${position} is there`).toBe(ids[index])
  })
  return ids.length
}

/** All of them. A server that is healed may change places once more, which cuts a read off. */
async function eventsOf(store: EventStore): Promise<readonly RecordedEvent[]> {
  for (let tries = 1; ; tries++) {
    const all: RecordedEvent[] = []
    try {
      for await (const { events } of store.read('all')) all.push(...events)
      return all
    } catch (error) {
      if (!isIndelibleError(error, 'io_failed') || tries === 30) throw error
      await pause(1_000)
    }
  }
}

function linesOf(file: string): string[][] {
  const text = readFileSync(file, 'utf8')
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '))
}

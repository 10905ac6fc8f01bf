// The machine: Node, memory, file descriptors, clock.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { getHeapStatistics } from 'node:v8'
import { formatBytes, formatNumber } from '../output/index.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'

/** The oldest line of Node that still gets fixes. */
const nodeMajorMin = 22
const descriptorsMin = 4_096
/** Above this share of the memory, the system is killed before it collects garbage. */
const heapShareMax = 0.8
const clockMs = 200
const driftMsMax = 20
const looksMax = 100

export async function node(): Promise<Finding> {
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS?.split(/\s+/).filter(Boolean) ?? [])].filter(
    (flag) => flag !== '--conditions=@indelible/source',
  )
  const said = `Node ${process.versions.node}${flags.length === 0 ? '' : `, ${flags.join(' ')}`}`
  if (flags.some((flag) => flag.startsWith('--inspect')))
    return warn('node', said, 'Remove --inspect: whoever reaches the debugger can run any code.')
  if (Number(process.versions.node.split('.')[0]) < nodeMajorMin)
    return warn('node', said, 'Use Node 24: this line gets no more fixes.')
  return ok('node', said)
}

export async function memory(): Promise<Finding> {
  const constrained = process.constrainedMemory()
  // Without a limit it is 0, or a number that no machine has.
  const isLimited = constrained > 0 && constrained < totalmem()
  const bytes = isLimited ? constrained : totalmem()
  const heap = getHeapStatistics().heap_size_limit
  const said = `${formatBytes(bytes)}${isLimited ? ' (limit of the container or unit)' : ''}, heap up to ${formatBytes(heap)}`
  if (heap <= bytes * heapShareMax) return ok('memory', said)
  const mb = Math.floor((bytes * heapShareMax) / 1024 ** 2)
  return warn(
    'memory',
    said,
    `Start Node with NODE_OPTIONS=--max-old-space-size=${mb}, or give it more memory. Otherwise the system may end the process before it frees memory.`,
  )
}

export async function descriptors(): Promise<Finding> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => undefined)
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(limits ?? '') ?? []
  if (soft === undefined) return skip('descriptors', 'this system does not say how many files a process may open')
  const said = `${soft === 'unlimited' ? 'any number of' : formatNumber(Number(soft))} open files`
  if (soft === 'unlimited' || Number(soft) >= descriptorsMin) return ok('descriptors', said)
  return warn(
    'descriptors',
    said,
    'Raise it: LimitNOFILE=65536 in the unit, or ulimit -n 65536. Half of what is free is for connections.',
  )
}

/** Compares the clock of the wall with the one that never jumps, and asks whether the first is synchronised. */
export async function clock(): Promise<Finding> {
  const before = wallBeforeSteady()
  await sleep(clockMs)
  const driftMs = Math.abs(wallBeforeSteady() - before)
  if (driftMs > driftMsMax)
    return fail(
      'clock',
      `the clock jumped by ${Math.round(driftMs)} ms within ${clockMs} ms`,
      'Let a time service slew it (chrony, systemd-timesyncd). Recorded times never go back, so after a jump ahead they stand still.',
    )
  const isSynchronised = await synchronised()
  if (isSynchronised === undefined) return ok('clock', 'steady; whether it is synchronised is not known')
  if (isSynchronised) return ok('clock', 'steady and synchronised')
  return warn('clock', 'steady, but not synchronised', 'Start a time service (chrony, systemd-timesyncd).')
}

/** How far the two clocks are apart. On a busy machine time may pass between the two looks: then it looks again. */
function wallBeforeSteady(): number {
  for (let tries = 1; ; tries++) {
    const steady = performance.now()
    const wall = Date.now()
    if (performance.now() - steady < 1 || tries === looksMax) return wall - steady
  }
}

async function synchronised(): Promise<boolean | undefined> {
  if (existsSync('/run/systemd/timesync/synchronized')) return true
  try {
    const { stdout } = await promisify(execFile)('timedatectl', ['show', '-p', 'NTPSynchronized', '--value'], {
      timeout: 2_000,
    })
    return stdout.trim() === '' ? undefined : stdout.trim() === 'yes'
  } catch {
    return undefined
  }
}

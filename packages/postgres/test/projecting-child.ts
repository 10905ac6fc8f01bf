// A process that runs the system of the jars until it is killed. With options it also appends events or rebuilds tables without end. It prints what it does.
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { isIndelibleError, startSystem } from 'indelible'
import { fileStore } from 'indelible/file'
import { memorySnapshots } from 'indelible/memory'
import { postgresTables } from '../src/index.ts'
import { jarLimits, jarSystem, someEvents } from './jars.ts'
import type { ProjectingOptions } from './support.ts'

const options = JSON.parse(process.argv[2]!) as ProjectingOptions
const { dir, connectionString, schema, revision, appends, rebuilds } = options
const declared = jarSystem(revision)
say('started')
let isHeld = false
const store = await fileStore(appends ? { dir, limits: jarLimits } : { dir, access: 'read' })
const tables = await postgresTables({ connectionString, schema })
const system = startSystem(declared, {
  store,
  tables,
  snapshots: memorySnapshots(),
  onNotice: (notice) => say(`notice ${notice.kind} ${'name' in notice ? notice.name : ''}`),
})
for (const { name, table } of declared.projections) say(`version ${name} ${table.fingerprint}`)
say('open')
void tellStates()
if (appends) void append()
if (rebuilds) for (;;) await rebuild()

async function append(): Promise<void> {
  for (;;) {
    await store.append({ events: someEvents((below) => Math.floor(Math.random() * below)) })
    await pause(Math.random() * 10)
  }
}

async function rebuild(): Promise<void> {
  const names = declared.projections.map(({ name }) => name)
  const one = typeof rebuilds === 'object' ? rebuilds : { name: names[Math.floor(Math.random() * names.length)]! }
  const { name } = one
  let said = ''
  const progress = ({ phase }: { phase: string }) => {
    sayOnce(`phase ${phase} ${name}`)
    // The fold waits for events of another process, so that it has something to catch up with.
    if (one.holdMs && one.holdAt === 'catching up' && phase === 'verifying') sleep(400)
    if (isHeld || phase !== one.holdAt) return
    isHeld = true
    say(`holding ${phase}`)
    sleep(one.holdMs!)
    say('woken')
  }
  try {
    const { rows, contentHash } = await system.rebuild({ name }, { progress })
    say(`rebuilt ${name} ${rows} ${contentHash}`)
  } catch (error) {
    if (!isIndelibleError(error)) throw error
    say(`failed ${name} ${error.code}`)
    await pause(20)
  }

  function sayOnce(line: string): void {
    if (line !== said) say(line)
    said = line
  }
}

/** This blocks the whole process. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** Prints when this process starts or stops to run a projection. */
async function tellStates(): Promise<void> {
  const said = new Map<string, string>()
  for (;;) {
    for (const { name, state, error } of await system.consumers.list()) {
      if (said.get(name) === state) continue
      said.set(name, state)
      say(`state ${state} ${name} ${JSON.stringify(error ?? null)}`)
    }
    await pause(10)
  }
}

/** What is in the pipe outlives the process. */
function say(line: string): void {
  let bytes = Buffer.from(`${line}\n`)
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

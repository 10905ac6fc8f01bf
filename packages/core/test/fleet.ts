// Several processes that share stores, as simulated ones in this process: each can be paused at any moment, as by SIGSTOP, and killed.
import {
  type ConsumerRecord,
  type EventStore,
  IndelibleError,
  type RunningSystem,
  type StartOptions,
  type System,
  startSystem,
} from 'indelible'
import {
  memoryConsumers,
  memoryLeases,
  memoryProofs,
  memorySnapshots,
  memoryStore,
  memoryTables,
} from 'indelible/memory'

export interface Machine {
  readonly running: RunningSystem
  /** Nothing that it begins reaches the stores any more, until it is thawed. */
  freeze(): void
  thaw(): void
  /** What it has under way never ends, and it gives nothing back. */
  kill(): void
}

export interface Fleet {
  readonly store: EventStore
  /** Every record that was saved, in order. */
  readonly saved: readonly ConsumerRecord[]
  readonly proofFiles: ReturnType<typeof memoryProofs>
  start(system: System, options?: StartOptions): Machine
  close(): Promise<void>
}

export function fleet(shared: StartOptions = {}): Fleet {
  const [store, tables, snapshots, records] = [memoryStore(), memoryTables(), memorySnapshots(), memoryConsumers()]
  const [leases, proofFiles] = [memoryLeases(), memoryProofs()]
  const saved: ConsumerRecord[] = []
  const consumers: typeof records = {
    ...records,
    load: (name) => records.load(name),
    async save(record) {
      const outcome = await records.save(record)
      if (outcome === 'saved') saved.push(record)
      return outcome
    },
  }
  const machines: (Machine & { readonly isDead: boolean })[] = []
  return {
    store,
    saved,
    proofFiles,
    start(system, options = {}) {
      const gate = new Gate()
      const ports = {
        store: { ...gated(store, gate, ['read', 'replay', 'subscribe']), close: async () => {} },
        tables: { ...gated(tables, gate), close: async () => {} },
        snapshots: gated(snapshots, gate),
        consumers: gated(consumers, gate),
        leases: gated(leases, gate),
        proofFiles: gated(proofFiles, gate),
      }
      const running = startSystem(system, { ...shared, ...ports, ...options })
      const machine = {
        running,
        isDead: false,
        freeze: () => gate.shut(),
        thaw: () => gate.open(),
        kill() {
          gate.kill()
          machine.isDead = true
        },
      }
      machines.push(machine)
      return machine
    },
    async close() {
      for (const machine of machines) machine.thaw()
      await Promise.all(machines.filter(({ isDead }) => !isDead).map(({ running }) => running.close()))
      await store.close()
    },
  }
}

class Gate {
  #open = Promise.withResolvers<void>()
  #isDead = false

  constructor() {
    this.#open.resolve()
  }

  shut(): void {
    this.#open = Promise.withResolvers()
  }

  open(): void {
    this.#open.resolve()
  }

  kill(): void {
    this.#isDead = true
    this.#open.resolve()
  }

  async pass(): Promise<void> {
    await this.#open.promise
    if (this.#isDead) throw new IndelibleError('store_closed', 'The process was killed.')
  }
}

/** The same port, each of whose calls passes the gate before it begins and before it is answered. */
function gated<Port extends object>(port: Port, gate: Gate, iterables: readonly string[] = []): Port {
  const methods = Object.entries(port).map(([name, method]) => [
    name,
    typeof method !== 'function' ? method : gatedMethod(method.bind(port), gate, iterables.includes(name)),
  ])
  return Object.fromEntries(methods)
}

function gatedMethod(method: (...args: unknown[]) => unknown, gate: Gate, isIterable: boolean) {
  return (...args: unknown[]) => {
    if (!isIterable) return passed(() => method(...args) as Promise<unknown>, gate)
    return batches(() => method(...args) as AsyncIterable<unknown>, gate)
  }
}

async function passed(call: () => Promise<unknown>, gate: Gate): Promise<unknown> {
  await gate.pass()
  const result = await call()
  await gate.pass()
  return result
}

async function* batches(call: () => AsyncIterable<unknown>, gate: Gate): AsyncGenerator<unknown> {
  await gate.pass()
  for await (const batch of call()) {
    await gate.pass()
    yield batch
    await gate.pass()
  }
}

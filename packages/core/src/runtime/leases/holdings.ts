// All leases of a process: says that it is alive, takes its share of what is free, gives up what is more, and notices what it lost.
import { hostname } from 'node:os'
import { isIndelibleError } from '../../kernel/errors.ts'
import type { IdGenerator } from '../../kernel/ids.ts'
import type { Leases, LeaseView } from '../../store/leases.ts'
import { aliveMs, leaseLookMs, leaseOverdueLooks } from '../limits.ts'
import { pause } from '../waiting.ts'
import { Holding } from './holding.ts'
import { singles, spreadOf } from './spread.ts'

/** A process that runs the system, and the leases that it holds. */
export interface ProcessStatus {
  readonly id: string
  /** Whether it is the one that answers. */
  readonly isThis: boolean
  readonly leases: readonly string[]
}

/** The processes that share the work. */
export interface Peers {
  /** The name of this one. */
  readonly self: string
  /** Those that are alive. As long as this one is not among them, nobody knows. */
  readonly alive: ReadonlySet<string>
  /** How often this one counted as dead for the others, because it was paused or the database did not answer. */
  readonly absences: number
}

interface Held {
  readonly holding: Holding
  readonly group: string
}

export class Holdings {
  readonly #leases: Leases | undefined
  /** The name of this process among all. */
  readonly id: string
  readonly #all = new Map<string, Held>()
  readonly #stop = new AbortController()
  #wake = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #view: LeaseView = { processes: [], leases: [] }
  /** Until then it is alive for the others, as far as it knows. */
  #aliveUntilMs = 0
  #absences = 0
  readonly #toRelease = new Set<string>()
  /** How many looks in a row a lease was free. */
  readonly #free = new Map<string, number>()
  readonly #kept = new Set<string>()

  constructor({ leases, ids }: { readonly leases: Leases | undefined; readonly ids: IdGenerator }) {
    this.#leases = leases
    this.id = `${hostname()}-${process.pid}-${ids().slice(-8)}`
  }

  /** False where the process has its stores alone. */
  get isShared(): boolean {
    return this.#leases !== undefined
  }

  /** Nothing where the process has its stores alone. */
  get peers(): Peers | undefined {
    if (!this.isShared) return undefined
    return { self: this.id, alive: new Set(this.#view.processes), absences: this.#absences }
  }

  /** All that take part; nothing where the process has its stores alone. */
  get processes(): readonly ProcessStatus[] {
    const { processes, leases } = this.#view
    const own = [...this.#all.values()].filter(({ holding }) => holding.term).map(({ holding }) => holding.name)
    const of = (id: string) => leases.filter(({ holder }) => holder === id).map(({ name }) => name)
    return processes.map((id) => ({ id, isThis: id === this.id, leases: id === this.id ? own.sort() : of(id) }))
  }

  /** A lease that this process takes whenever that is its share. */
  hold(name: string, group = singles): Holding {
    const ended = () => {
      this.#toRelease.add(name)
      this.#wake.abort()
    }
    const holding = new Holding({ name, isShared: this.isShared, ended })
    this.#all.set(name, { holding, group })
    return holding
  }

  /** One that this process never takes: whoever changes what belongs to it does so without a lease. A process that has its stores alone holds it. */
  unheld(name: string): Holding {
    return new Holding({ name, isShared: this.isShared, ended: () => {} })
  }

  /** Whether no process that is alive holds any of them. */
  async areFree(names: readonly string[]): Promise<boolean> {
    const held = new Set((await this.#leases?.view())?.leases.map(({ name }) => name))
    return names.every((name) => !held.has(name))
  }

  /** Does not want it any more. Whoever works under it is told to stop, and says when that is done. */
  drop(name: string): void {
    this.#all.get(name)?.holding.giveUp()
    this.#all.delete(name)
  }

  start(): void {
    if (this.#leases) this.#running = this.#run(this.#leases)
  }

  /** Call it when everything has ended that works under a lease. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#wake.abort()
    await this.#running
    // If that fails, the others wait until the leases end.
    await this.#leases?.leave(this.id).catch(() => {})
  }

  async #run(leases: Leases): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      this.#wake = new AbortController()
      try {
        await this.#look(leases)
      } catch (error) {
        if (!isIndelibleError(error)) throw error
        // Until then it may still hold them; after that, what it writes is refused if another has them.
        if (performance.now() > this.#aliveUntilMs) for (const { holding } of this.#all.values()) holding.giveUp()
      }
      await pause(leaseLookMs, AbortSignal.any([signal, this.#wake.signal]))
    }
  }

  async #look(leases: Leases): Promise<void> {
    for (const name of this.#toRelease) {
      await leases.release(name, this.id)
      this.#toRelease.delete(name)
    }
    const askedMs = performance.now()
    const before = this.#view
    this.#view = await leases.renew(this.id, { ms: aliveMs, reports: this.#reports() })
    if (this.#aliveUntilMs > 0 && askedMs > this.#aliveUntilMs) this.#absences++
    this.#aliveUntilMs = askedMs + aliveMs
    if (before.processes.join() !== this.#view.processes.join()) this.#kept.clear()
    this.#see()
    const { take, giveUp } = this.#spread()
    for (const name of giveUp) this.#all.get(name)?.holding.giveUp()
    for (const name of take) await this.#take(leases, name)
  }

  #reports() {
    const held = [...this.#all.values()].filter(({ holding }) => holding.term)
    return Object.fromEntries(held.map(({ holding }) => [holding.name, holding.report()]))
  }

  #see(): void {
    const seen = new Map(this.#view.leases.map((lease) => [lease.name, lease]))
    for (const [name, { holding }] of this.#all) {
      const lease = seen.get(name)
      const { term } = holding
      if (term && (lease?.holder !== this.id || lease.token !== term.token)) term.lose()
      holding.see(lease)
      if (lease) this.#free.delete(name)
      else this.#free.set(name, (this.#free.get(name) ?? 0) + 1)
    }
  }

  #spread() {
    const wanted = new Map([...this.#all].map(([name, { group }]) => [name, group]))
    const overdue = new Set([...this.#free].flatMap(([name, looks]) => (looks > leaseOverdueLooks ? [name] : [])))
    const spread = spreadOf({ view: this.#view, process: this.id, wanted, overdue, kept: this.#kept })
    for (const name of spread.take) if (overdue.has(name)) this.#kept.add(name)
    // What it holds without working under it: it did not answer in time, and nobody else took it.
    const idle = this.#view.leases.filter(
      ({ name, holder }) => holder === this.id && !this.#all.get(name)?.holding.term,
    )
    return { ...spread, take: [...spread.take, ...idle.map(({ name }) => name)] }
  }

  async #take(leases: Leases, name: string): Promise<void> {
    const holding = this.#all.get(name)?.holding
    // One that was lost may still be ending.
    if (!holding || holding.term || this.#stop.signal.aborted || this.#toRelease.has(name)) return
    const lease = await leases.take(name, this.id)
    holding.see(lease)
    if (lease?.holder === this.id) holding.begin(lease.token)
  }
}

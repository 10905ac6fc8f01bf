// One run of a saga in a system of its own, in memory and at a virtual time: from the command that starts it until nothing is left to do, with one fault.
import { setImmediate as turn } from 'node:timers/promises'
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { memoryConsumers } from '../../memory/consumers.ts'
import { memoryStore } from '../../memory/event-store.ts'
import { forkOf } from '../../memory/fork.ts'
import { memoryTables } from '../../memory/read-tables.ts'
import { memorySnapshots } from '../../memory/snapshots.ts'
import { dueAt } from '../../runtime/processes/plan.ts'
import type { SagaRunnerStatus } from '../../runtime/processes/saga-status.ts'
import { hasEnded } from '../../runtime/processes/state.ts'
import { RunningSystem } from '../../runtime/running-system.ts'
import type { Commit, EventStore } from '../../store/port.ts'
import { manualClock, sequentialIds } from '../clock.ts'
import { crashingStore } from '../crashing-store.ts'
import { tamperedServices, withSamples } from './asked-services.ts'
import { declared, type Instance, instancesIn, type Place } from './places.ts'
import { refusing } from './refusal.ts'
import type { AnyFaultScenario, ServiceConnections } from './scenario.ts'
import type { TamperedRun, Tampering } from './tampering.ts'

/** A run that has made so many moves goes round in circles. */
const movesMax = 1_000
/** A run whose log does not come to rest for so long hangs. */
const restMsMax = 30_000
/** Nothing more is written when the log stood still for so many turns of the event loop. */
const stillTurns = 10
/** How far the clock moves on so that what met a fault is tried again. */
const retryMs = 5_000

export class Trial implements TamperedRun {
  hasHappened = false
  readonly commits: Commit[] = []
  readonly store: EventStore
  /** As the scenario makes them. */
  readonly services: ServiceConnections
  readonly #scenario: AnyFaultScenario
  readonly #tampering: Tampering | undefined
  readonly #clock = manualClock()
  readonly #ids = sequentialIds()
  readonly #consumers = memoryConsumers()
  readonly #dying: EventStore & { readonly hasCrashed: boolean }
  /** Waits at which others have acted, in this process. */
  readonly #acted = new Set<string>()
  readonly #held: (() => void)[] = []
  #running: RunningSystem
  #moves = 0
  #isOver = false

  constructor(scenario: AnyFaultScenario, tampering?: Tampering) {
    this.#scenario = scenario
    this.services = scenario.services?.() ?? {}
    this.#tampering = tampering
    this.store = memoryStore({ clock: this.#clock, ids: this.#ids })
    this.#dying = crashingStore(
      this.#tampered(),
      tampering?.crash ?? { after: Number.POSITIVE_INFINITY, written: false },
    )
    this.#running = this.#start(this.#dying)
  }

  get running(): RunningSystem {
    return this.#running
  }

  async close(): Promise<void> {
    this.#isOver = true
    for (const release of this.#held) release()
    await this.#running.close()
  }

  async seed(): Promise<void> {
    await this.#scenario.seed?.(this.#running)
  }

  /** Sends the command that starts the saga, and goes on until nothing is left to do, also after the process has died. */
  async play(): Promise<void> {
    await this.#unlessDead(() => this.#begin())
    await this.#unlessDead(() => this.go())
    if (!this.#dying.hasCrashed) return
    this.happened()
    await this.#running.close()
    this.#acted.clear()
    this.#running = this.#start({ ...this.store, close: async () => {} })
    // A client that has heard nothing sends the same command again.
    await this.#begin()
    await this.go()
  }

  /** Lets everybody do what there is to do, and time pass, until nothing is left. */
  async go(): Promise<void> {
    for (;;) {
      const needsHelp = await this.#rest()
      if (this.#isDead) return
      if (++this.#moves > movesMax) throw new Error(`The saga has not ended after ${movesMax} moves.`)
      const instances = await this.instances()
      if (await this.#othersAct(instances)) continue
      const next = this.#nextMs(instances.filter(({ saga, sagaId }) => !needsHelp.has(`${saga.name} ${sagaId}`)))
      if (next === undefined) return
      this.#clock.advance(Math.max(1, next - this.#clock.now()))
    }
  }

  async instances(): Promise<readonly Instance[]> {
    const { system, saga } = this.#scenario
    return [...(await instancesIn(this.store, system.sagas, saga)).values()]
  }

  happened(): void {
    this.hasHappened = true
  }

  advance(ms: number): void {
    this.#clock.advance(ms)
  }

  async act({ row, sagaId, step }: Omit<Place, 'node'>): Promise<void> {
    await this.#scenario.others?.[row]?.(this.#running, { sagaId, step })
  }

  async cancel(child?: { readonly saga: string; readonly id: string }): Promise<boolean> {
    const { saga, start } = this.#scenario
    const [name, id] = child ? [child.saga, child.id] : [saga.name, start.id]
    return await this.#running.cancelSaga({ name }, id, { reason: 'FaultMatrix' })
  }

  async still(): Promise<void> {
    let at: Position = -1
    for (let turns = 0; turns < stillTurns; turns++) {
      await turn()
      const { position } = await this.store.head()
      if (position !== at) turns = 0
      at = position
    }
  }

  async heldBack(): Promise<void> {
    if (!this.#isOver) await new Promise<void>((resolve) => this.#held.push(resolve))
  }

  get #isDead(): boolean {
    return this.#dying.hasCrashed && this.#running.store === this.#dying
  }

  /** Whatever fails in a process that has died is no problem. */
  async #unlessDead(work: () => Promise<void>): Promise<void> {
    await work().catch((error) => {
      if (!this.#isDead) throw error
    })
  }

  /** Reactions and subscriptions stay out: a run must not reach the outside world. */
  #start(store: EventStore): RunningSystem {
    const { system } = this.#scenario
    const refuses = this.#tampering?.refuses
    const commands = refuses
      ? system.commands.map((each) => refusing(each, (id, command) => refuses(id, command, this)))
      : system.commands
    return new RunningSystem(
      { ...system, commands, activities: system.activities.map(withSamples), reactions: [], subscriptions: [] },
      {
        store,
        tables: memoryTables(),
        snapshots: memorySnapshots(),
        fork: forkOf,
        consumers: this.#consumers,
        clock: this.#clock,
        ids: this.#ids,
        services: tamperedServices(this.services, {
          run: this,
          system,
          commits: this.commits,
          tampering: this.#tampering,
        }),
      },
    )
  }

  #tampered(): EventStore {
    return {
      ...this.store,
      append: async (commit, options) => {
        this.commits.push(commit)
        const append = () => this.store.append(commit, options)
        return await (this.#tampering?.append?.(commit, append, this) ?? append())
      },
    }
  }

  async #begin(): Promise<void> {
    const { saga, start } = this.#scenario
    const outcome = await this.#running.send(start, { commandId: 'fault-matrix' })
    if (outcome.status === 'accepted') return
    const why = outcome.status === 'refused' ? `refused with ${outcome.reason}` : 'not carried out'
    throw invalid(`${start.type}, which starts the saga "${saga.name}", was ${why}. Let "seed" make what it needs.`)
  }

  /** Resolves when everything that follows the log stands still, with the sagas that cannot go on alone. */
  async #rest(): Promise<ReadonlySet<string>> {
    const { sagas, policies } = this.#scenario.system
    const latest = performance.now() + restMsMax
    for (let at = -1, turns = 0; !this.#isDead; turns++) {
      await turn()
      const { position } = await this.store.head()
      if (position !== at) turns = 0
      at = position
      if (turns > stillTurns) this.#held.pop()?.()
      const statuses = await Promise.all([...sagas, ...policies].map((each) => this.#running.consumers.show(each)))
      const isAtRest = statuses.every((each) => each.lagEvents === 0 && !('active' in each && each.active > 0))
      if (isAtRest && statuses.every(({ state }) => state === 'running' || state === 'parked')) {
        const needing = statuses.filter((each): each is SagaRunnerStatus => each.kind === 'saga')
        return new Set(needing.flatMap((each) => each.needsIntervention.map(({ sagaId }) => `${each.name} ${sagaId}`)))
      }
      if (performance.now() > latest)
        throw new Error(`The system did not come to rest within ${restMsMax} ms: ${JSON.stringify(statuses)}`)
    }
    return new Set()
  }

  /** Whether anybody did something. */
  async #othersAct(instances: readonly Instance[]): Promise<boolean> {
    const special = this.#tampering?.others
    for (const { saga, sagaId, state, prefix } of instances) {
      for (const [step, { kind }] of state.waits) {
        const place = { row: prefix + declared(step), saga, sagaId, step }
        const key = keyOf(place)
        if ((kind !== 'await' && kind !== 'ask') || this.#acted.has(key) || !this.#scenario.others?.[place.row])
          continue
        const how = special && keyOf(special.at) === key ? special.act : undefined
        if (how !== undefined) this.happened()
        if (how === 'never' || how === 'late') continue
        this.#acted.add(key)
        if (how === 'twice') await this.act(place)
        await this.act(place)
        return true
      }
    }
    if (special?.act !== 'late' || this.#acted.has(keyOf(special.at))) return false
    const { state } =
      instances.find(({ saga, sagaId }) => saga === special.at.saga && sagaId === special.at.sagaId) ?? {}
    const { step } = special.at
    if (!state?.nodes.has(step) || state.waits.has(step)) return false
    this.#acted.add(keyOf(special.at))
    await this.act(special.at)
    return true
  }

  /** When something happens by itself the next time, if nothing is wrong with it. */
  #nextMs(instances: readonly Instance[]): number | undefined {
    const times = instances.flatMap(({ state }) => {
      if (hasEnded(state) || state.status === 'compensationFailed') return []
      const again = state.commands.size > 0 ? [this.#clock.now() + retryMs] : []
      return [...again, dueAt(state) ?? Number.POSITIVE_INFINITY]
    })
    const next = Math.min(...times)
    return Number.isFinite(next) ? next : undefined
  }
}

function keyOf({ saga, sagaId, step }: Pick<Place, 'saga' | 'sagaId' | 'step'>): string {
  return `${saga.name} ${sagaId} ${step}`
}

function invalid(message: string): IndelibleError {
  return new IndelibleError('invalid_declaration', message)
}

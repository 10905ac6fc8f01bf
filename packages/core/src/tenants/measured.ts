// What is measured of tenants. Their number must not make the number of series: only some are counted by name, and what follows the logs is told of all together.
import { observationsOf } from '../runtime/observed.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import {
  type Instrument,
  instruments,
  type Observation,
  type Observer,
  type Telemetry,
} from '../runtime/telemetry/index.ts'
import { tenantsMeasuredMax } from './options.ts'

const of = instruments

export interface TenantMeterOptions {
  readonly measured: readonly string[] | undefined
  readonly open: { readonly size: number; readonly waiting: number; readonly running: readonly RunningSystem[] }
  readonly due: { readonly waiting: number }
}

export class TenantMeter {
  readonly #telemetry: Telemetry
  readonly #named: Set<string>
  /** Whether others may still get a name. */
  readonly #isOpen: boolean

  constructor(telemetry: Telemetry, { measured, open, due }: TenantMeterOptions) {
    this.#telemetry = telemetry
    this.#named = new Set(measured)
    this.#isOpen = measured === undefined
    telemetry.observe({
      instruments: [of.tenantsOpen, of.tenantsInLine, of.tenantsDue],
      read: async () => [
        { instrument: of.tenantsOpen, value: open.size, attributes: {} },
        { instrument: of.tenantsInLine, value: open.waiting, attributes: {} },
        { instrument: of.tenantsDue, value: due.waiting, attributes: {} },
      ],
    })
    telemetry.observe(togetherOf(() => open.running))
  }

  /** An operation of a tenant. */
  count(tenant: string): void {
    if (this.#isOpen && this.#named.size < tenantsMeasuredMax) this.#named.add(tenant)
    const name = this.#named.has(tenant) ? tenant : others
    this.#telemetry.record(of.tenantOperations, 1, { 'indelible.tenant': name })
  }

  async timed<Result>(open: () => Promise<Result>): Promise<Result> {
    const beganMs = performance.now()
    const result = await open()
    this.#telemetry.record(of.tenantOpenDuration, (performance.now() - beganMs) / 1000, {})
    return result
  }
}

/** No tenant has such a name. */
const others = '_other'

/** What all open tenants show, together: the longest lag, the number of consumers in each state. */
function togetherOf(running: () => readonly RunningSystem[]): Observer {
  return {
    instruments: [...summed, ...highest],
    async read() {
      const seen = new Map<string, Observation>()
      for (const each of running()) {
        const health = await each.health().catch(() => undefined)
        for (const observation of health ? observationsOf(health) : []) add(seen, observation)
      }
      return [...seen.values()]
    },
  }
}

/** Of a counter, the sum would go down when a tenant is closed. */
const summed: readonly Instrument[] = [
  of.consumerState,
  of.consumerParkedEvents,
  of.sagaActive,
  of.sagaWaiting,
  of.sagaInterventions,
]
const highest: readonly Instrument[] = [of.consumerLagEvents, of.projectionLag]

function add(seen: Map<string, Observation>, observation: Observation): void {
  const { instrument, value, attributes } = observation
  const isSummed = summed.includes(instrument)
  if (!isSummed && !highest.includes(instrument)) return
  const key = JSON.stringify([instrument.name, attributes])
  const before = seen.get(key)?.value ?? 0
  seen.set(key, { instrument, attributes, value: isSummed ? before + value : Math.max(before, value) })
}

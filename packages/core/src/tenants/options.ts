// What a config says of its tenants.
import { IndelibleError } from '../kernel/errors.ts'
import { shown } from '../kernel/shown.ts'
import { checkedDuration } from '../kernel/timers.ts'

/** One declaration, a log for each tenant: `tenants: {}` takes the defaults. */
export interface TenantsOptions {
  /** A tenant that nobody asks for, and that has nothing to do by itself, is closed after this time: 60 seconds by default. */
  readonly idleMs?: number
  /** The maximum number of tenants that are open at the same time: 200 by default. For another one, the one that nobody asked for the longest is closed. */
  readonly openMax?: number
  /** How long a caller waits where all of them have work: 5 seconds by default. Then it gets `tenants_busy`. */
  readonly waitMs?: number
  /** The tenants whose operations are counted by name in the metrics: the first 100 that are asked for by default. All others are counted together. */
  readonly measured?: readonly string[]
}

export interface CheckedTenants extends Required<Omit<TenantsOptions, 'measured'>> {
  readonly measured: readonly string[] | undefined
}

export const tenantsIdleMsDefault = 60_000
export const tenantsOpenMaxDefault = 200
export const tenantsWaitMsDefault = 5_000
/** Each tenant with a name of its own is a series of a metric. */
export const tenantsMeasuredMax = 100
/** How often it is looked for tenants that are idle. */
export const idleLookMsMin = 10
export const idleLookMsMax = 5_000
/** While callers wait for a place, how often it is looked whether an open tenant has finished its work. */
export const roomLookMs = 50
/** The tenants that are opened for their own work, or closed, at the same time. */
export const tenantsAtOnceMax = 8
/** The records of work that are read at the same time at the start. */
export const recordsAtOnceMax = 32
/**
 * How long a tenant waits for a place for another one. Both may be of those that fill all places: who waits keeps a place that others wait for. Then it is tried
 * again later, and meanwhile it may be closed.
 */
export const betweenTenantsWaitMs = 1_000
/** Where several processes share the tenants, how often each looks whether another one has ended. */
export const peersLookMs = 500
/** What was under way when a tenant was closed goes on after this time. */
export const leftWorkMs = 2_000

/** Throws `invalid_declaration`, `invalid_duration`. */
export function checkedTenants(options: TenantsOptions): CheckedTenants {
  const {
    idleMs = tenantsIdleMsDefault,
    openMax = tenantsOpenMaxDefault,
    waitMs = tenantsWaitMsDefault,
    measured,
    ...others
  } = options
  const stranger = Object.keys(others)[0]
  if (stranger !== undefined)
    throw invalid(`has the unknown option "${stranger}". There are idleMs, openMax, waitMs and measured.`)
  if (!Number.isSafeInteger(openMax) || openMax < 1) throw invalid(`has openMax ${shown(openMax)}. Give at least 1.`)
  if (measured !== undefined && measured.length > tenantsMeasuredMax)
    throw invalid(`names ${measured.length} in "measured". At most ${tenantsMeasuredMax} are counted by name.`)
  const durations = { idleMs: checkedDuration('idleMs', idleMs), waitMs: checkedDuration('waitMs', waitMs) }
  return { ...durations, openMax, measured }
}

/** A command comes across where both tenants are open. Throws `invalid_declaration`. */
export function assertRoomForTwo({ openMax }: CheckedTenants): void {
  if (openMax < 2) throw invalid('has openMax 1, and its tenants reach each other (tenantSystem). Give at least 2.')
}

function invalid(problem: string): IndelibleError {
  return new IndelibleError('invalid_declaration', `"tenants" of the config ${problem}`)
}

// What a running system shows whenever somebody asks: the log, the store, and all that follows the log.
import type { Durability } from '../store/port.ts'
import { consumerStates } from './consumers/status.ts'
import type { Health } from './health.ts'
import { type AttributeName, type Instrument, instruments, type Observation, type Observer } from './telemetry/index.ts'

const of = instruments
const durabilities: readonly Durability[] = ['process', 'machine', 'two-machines']

export function observerOf(health: () => Promise<Health>): Observer {
  const observed: readonly Instrument[] = Object.values(of).filter(
    ({ name, kind }) => kind !== 'histogram' && name.startsWith('indelible.') && !name.startsWith('indelible.tenant'),
  )
  return { instruments: observed, read: async () => observationsOf(await health()) }
}

export function observationsOf({ head, store, consumers, processes }: Health): readonly Observation[] {
  const found: Observation[] = []
  const see = (
    instrument: Instrument,
    value: number,
    attributes: Partial<Record<AttributeName, string>> = {},
  ): void => {
    found.push({ instrument, value, attributes })
  }
  see(of.logHead, head.position)
  see(of.storeCanWrite, store.canWrite ? 1 : 0)
  if (store.durability) see(of.storeDurability, durabilities.indexOf(store.durability))
  for (const [code, count] of Object.entries(store.refusedAppends))
    see(of.storeRefusedAppends, count, { 'indelible.code': code })
  if (store.syncs) {
    see(of.storeSyncs, store.syncs.count)
    see(of.storeSyncTime, store.syncs.ms / 1000)
  }
  see(of.processes, processes.length)
  for (const lease of processes.find(({ isThis }) => isThis)?.leases ?? [])
    see(of.leaseHeld, 1, { 'indelible.lease': lease })
  for (const status of consumers) {
    const consumer = { 'indelible.consumer': status.name, 'indelible.kind': status.kind }
    see(of.consumerPosition, status.position, consumer)
    see(of.consumerLagEvents, status.lagEvents, consumer)
    for (const state of consumerStates)
      see(of.consumerState, state === status.state ? 1 : 0, { ...consumer, 'indelible.state': state })
    if (status.kind === 'projection') {
      const projection = { 'indelible.projection': status.name }
      const { lagMs, targetMs, p50Ms, p99Ms } = status.staleness
      see(of.projectionLag, lagMs / 1000, projection)
      see(of.projectionStalenessTarget, targetMs / 1000, projection)
      if (p50Ms !== null) see(of.projectionStaleness, p50Ms / 1000, { ...projection, 'indelible.quantile': '0.5' })
      if (p99Ms !== null) see(of.projectionStaleness, p99Ms / 1000, { ...projection, 'indelible.quantile': '0.99' })
    } else if (status.kind === 'saga') {
      const saga = { 'indelible.saga': status.name }
      see(of.sagaActive, status.active, saga)
      see(of.sagaWaiting, status.waiting, saga)
      see(of.sagaInterventions, status.needsIntervention.length, saga)
    } else if ('parked' in status) see(of.consumerParkedEvents, status.parked.length, consumer)
  }
  return found
}

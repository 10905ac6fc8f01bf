// Leases that live as long as the process: for several systems that share stores in memory.
import { systemClock } from '../kernel/system-clock.ts'
import type { Clock } from '../kernel/time.ts'
import type { HeldLease, Leases } from '../store/leases.ts'

export function memoryLeases({ clock = systemClock }: { readonly clock?: Clock } = {}): Leases {
  const aliveUntil = new Map<string, number>()
  const leases = new Map<string, Omit<HeldLease, 'name' | 'holder'> & { readonly holder: string | undefined }>()
  const isAlive = (process: string) => (aliveUntil.get(process) ?? Number.NEGATIVE_INFINITY) > clock.now()
  const held = (name: string): HeldLease | undefined => {
    const { holder, ...lease } = leases.get(name) ?? {}
    return holder !== undefined && isAlive(holder)
      ? structuredClone({ ...lease, name, holder } as HeldLease)
      : undefined
  }
  const view = async () => ({
    processes: [...aliveUntil.keys()].filter(isAlive).sort(),
    leases: [...leases.keys()].sort().flatMap((name) => held(name) ?? []),
  })
  const release = (name: string, process: string) => {
    const lease = leases.get(name)
    if (lease?.holder === process) leases.set(name, { ...lease, holder: undefined, report: null })
  }
  return {
    async renew(process, { ms, reports = {} }) {
      aliveUntil.set(process, clock.now() + ms)
      for (const [name, report] of Object.entries(reports)) {
        const lease = leases.get(name)
        if (lease?.holder === process) leases.set(name, { ...lease, report: structuredClone(report) })
      }
      return await view()
    },
    async take(name, process) {
      const lease = leases.get(name)
      if (isAlive(process) && !held(name) && lease?.holder !== process)
        leases.set(name, { holder: process, token: (lease?.token ?? 0) + 1, report: null })
      return held(name)
    },
    release: async (name, process) => release(name, process),
    async leave(process) {
      for (const name of leases.keys()) release(name, process)
      aliveUntil.delete(process)
    },
    view,
  }
}

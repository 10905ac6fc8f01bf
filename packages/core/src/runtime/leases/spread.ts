// Which leases a process takes and which it gives up, so that each has its fair share. Pure: all processes judge the same view by the same rule.
import type { LeaseView } from '../../store/leases.ts'

export interface SpreadOptions {
  readonly view: LeaseView
  readonly process: string
  /** What the process can run, by name, with the group in which it is shared out: the partitions of a saga are one, all that has no partitions another. */
  readonly wanted: ReadonlyMap<string, string>
  /** Free for a while: nobody takes it for its share. */
  readonly overdue: ReadonlySet<string>
  /** What it took although that was more than its share: nobody else could. */
  readonly kept: ReadonlySet<string>
}

export interface Spread {
  readonly take: readonly string[]
  readonly giveUp: readonly string[]
}

/** All that has no partitions. */
export const singles = ''

export function spreadOf({ view, process, wanted, overdue, kept }: SpreadOptions): Spread {
  const held = new Map(view.leases.map(({ name, holder }) => [name, holder]))
  const groups = groupsOf(wanted, held.keys())
  const take: string[] = []
  const giveUp: string[] = []
  let before = 0
  for (const names of groups) {
    const share = shareOf(before, names.length, view, process)
    before += names.length
    const own = names.filter((name) => held.get(name) === process)
    const free = names.filter((name) => !held.has(name) && wanted.has(name))
    const candidates = own.filter((name) => !kept.has(name))
    giveUp.push(...candidates.slice(Math.max(0, candidates.length - Math.max(0, own.length - share))))
    const room = Math.max(0, share - own.length)
    // Each process begins elsewhere, so that few ask for the same.
    const start = Math.max(0, view.processes.indexOf(process)) * room
    const turned = free.map((_, index) => free[(start + index) % free.length]!)
    take.push(...turned.slice(0, room), ...turned.slice(room).filter((name) => overdue.has(name)))
  }
  return { take, giveUp }
}

/** All leases in one line are dealt out in turn: then each process has the same number of them, and the same number of each group, but for one. */
function shareOf(before: number, length: number, { processes }: LeaseView, process: string): number {
  const rank = processes.indexOf(process)
  if (rank < 0) return 0
  const first = (rank - before + before * processes.length) % processes.length
  return first < length ? Math.floor((length - 1 - first) / processes.length) + 1 : 0
}

/** Processes with other code may hold what this one does not know: it counts, so that all shares fit together. */
function groupsOf(wanted: ReadonlyMap<string, string>, held: Iterable<string>): readonly (readonly string[])[] {
  const groups = new Map<string, string[]>([[singles, []]])
  const add = (name: string, group: string) => {
    const names = groups.get(group) ?? []
    names.push(name)
    groups.set(group, names)
  }
  for (const [name, group] of wanted) add(name, group)
  for (const name of held) if (!wanted.has(name)) add(name, singles)
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, names]) => names.sort())
}

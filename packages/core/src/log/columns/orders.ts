// Numbers that say of what kind things are, and orders of things, which give the number of the thing in each row.
import type { Numbers } from './growing.ts'

/** The kinds, below a count, in the order in which they first occur. */
export function occurring(kinds: Numbers, count: number): number[] {
  const found: number[] = []
  const seen = new Uint8Array(count)
  for (let row = 0; row < kinds.length; row++) {
    const kind = kinds[row]!
    if (seen[kind] === 1) continue
    seen[kind] = 1
    found.push(kind)
  }
  return found
}

/** The kinds by other numbers: their places in a list. */
export function renumbered<Kinds extends Numbers>(kinds: Kinds, list: readonly number[], count: number): Kinds {
  const places = new Uint32Array(count)
  for (let place = 0; place < list.length; place++) places[list[place]!] = place
  return kinds.map((kind) => places[kind]!) as Kinds
}

/** The things by their kind, and those of a kind as they were: a counting sort. */
export function sortedBy(kinds: Numbers, count: number): Uint32Array {
  const next = new Uint32Array(count + 1)
  for (let thing = 0; thing < kinds.length; thing++) next[kinds[thing]! + 1]!++
  for (let kind = 0; kind < count; kind++) next[kind + 1]! += next[kind]!
  const order = new Uint32Array(kinds.length)
  for (let thing = 0; thing < kinds.length; thing++) order[next[kinds[thing]!]!++] = thing
  return order
}

/** Takes an order apart: for each kind the order of its things, which are renumbered among those of their kind. */
export function orderOfEach(kinds: Numbers, count: number, order: Uint32Array): Uint32Array[] {
  const next = new Uint32Array(count)
  const numbers = new Uint32Array(kinds.length)
  for (let thing = 0; thing < kinds.length; thing++) numbers[thing] = next[kinds[thing]!]!++
  const orders = Array.from(next, (length) => new Uint32Array(length))
  next.fill(0)
  for (let row = 0; row < order.length; row++) {
    const thing = order[row]!
    const kind = kinds[thing]!
    orders[kind]![next[kind]!++] = numbers[thing]!
  }
  return orders
}

// Runs the compared subjects in turns, so that a slow minute of the machine affects all of them, and returns the median of each.

export type Contestants = Readonly<Record<string, () => Promise<number>>>

/** Runs every subject once per round, starting with another one each time. */
export async function inRounds(
  contestants: Contestants,
  { rounds, progress }: { rounds: number; progress: (line: string) => void },
): Promise<Readonly<Record<string, number>>> {
  const names = Object.keys(contestants)
  const figures = new Map<string, number[]>(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]!
      globalThis.gc?.()
      const figure = await contestants[name]!()
      progress(`round ${round + 1} of ${rounds}: ${name} ${readable(figure)}`)
      figures.get(name)!.push(figure)
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(figures.get(name)!)]))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** 12,345 for large numbers, 12.35 for small ones. */
export function readable(figure: number): string {
  const digits = Math.abs(figure) >= 100 ? 0 : Math.abs(figure) >= 10 ? 1 : 2
  return figure.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

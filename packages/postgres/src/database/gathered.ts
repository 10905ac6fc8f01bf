// Calls that wait go to the database together, in one statement.

interface Waiting<Item, Result> {
  readonly item: Item
  resolve(result: Result): void
  reject(fault: unknown): void
}

interface GatheredOptions {
  /** The items of one statement. */
  readonly togetherMax: number
  /** The statements that are under way at the same time. */
  readonly lanesMax: number
}

/**
 * `run` answers items in their order. A call alone goes at once; while all lanes are taken, further calls wait and then go together. Where `run` throws, all that
 * went together get its error.
 */
export function gathered<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
  { togetherMax, lanesMax }: GatheredOptions,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = []
  let lanes = 0

  function pump(): void {
    while (lanes < lanesMax && waiting.length > 0) {
      const together = waiting.slice(0, togetherMax)
      waiting = waiting.slice(togetherMax)
      lanes++
      void answer(together).finally(() => {
        lanes--
        pump()
      })
    }
  }

  async function answer(together: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await run(together.map(({ item }) => item))
      for (const [index, { resolve }] of together.entries()) resolve(results[index]!)
    } catch (error) {
      for (const { reject } of together) reject(error)
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      // What is asked for in the same turn goes together too.
      if (waiting.length === 1) queueMicrotask(pump)
    })
}

// Reads that find everything in memory or in the page cache wait for nothing, and many of them would keep the event loop from ever turning: nobody else's
// appends, requests or timers would have their turn.

/** In milliseconds. */
const stretchMax = 2

export class EventLoopTurns {
  #turnedMs = 0
  #turn: Promise<void> | undefined

  /** Resolves after a turn of the event loop; nothing where the last one was just now. */
  due(): Promise<void> | undefined {
    if (performance.now() - this.#turnedMs < stretchMax) return undefined
    this.#turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#turnedMs = performance.now()
        this.#turn = undefined
        resolve()
      })
    })
    return this.#turn
  }
}

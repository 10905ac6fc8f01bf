// A read that finds everything in memory or in the page cache never waits. Many such reads would block the event loop: appends, requests and timers would
// not run.

/** In milliseconds. */
const stretchMax = 2

export class EventLoopTurns {
  #turnedMs = 0
  #turn: Promise<void> | undefined

  /** Resolves after a turn of the event loop. Undefined when the last turn was less than 2 ms ago. */
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

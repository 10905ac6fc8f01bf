// The time by which the thread of PGlite must answer. It is in shared memory, because a thread in an endless loop cannot send a message.
// The thread of PGlite uses this file too, so it imports nothing.

const nsPerMs = 1_000_000n
/** About thirty years. More nanoseconds do not fit into 64 bits. */
const msMax = 1e12

export class Deadline {
  readonly buffer: SharedArrayBuffer
  /** In nanoseconds of the clock that all threads of a process share; 0 if no answer is due. */
  readonly #until: BigInt64Array

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#until = new BigInt64Array(buffer)
  }

  start(ms: number): void {
    Atomics.store(this.#until, 0, process.hrtime.bigint() + BigInt(Math.ceil(Math.min(ms, msMax))) * nsPerMs)
  }

  clear(): void {
    Atomics.store(this.#until, 0, 0n)
  }

  get isOver(): boolean {
    const until = Atomics.load(this.#until, 0)
    return until !== 0n && process.hrtime.bigint() > until
  }
}

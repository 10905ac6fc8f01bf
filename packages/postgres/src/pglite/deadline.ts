// Until when the thread of PGlite has to answer, in memory that it shares with the one that started it: a thread that spins can say nothing any more.
// The thread of PGlite uses it too, so it imports nothing.

const nsPerMs = 1_000_000n
/** Thirty years: nanoseconds of what is longer do not fit into 64 bits. */
const msMax = 1e12

export class Deadline {
  readonly buffer: SharedArrayBuffer
  /** In nanoseconds of the clock that all threads of a process share; 0 where nobody is owed an answer. */
  readonly #until: BigInt64Array

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#until = new BigInt64Array(buffer)
  }

  begin(ms: number): void {
    Atomics.store(this.#until, 0, process.hrtime.bigint() + BigInt(Math.ceil(Math.min(ms, msMax))) * nsPerMs)
  }

  end(): void {
    Atomics.store(this.#until, 0, 0n)
  }

  get isOver(): boolean {
    const until = Atomics.load(this.#until, 0)
    return until !== 0n && process.hrtime.bigint() > until
  }
}

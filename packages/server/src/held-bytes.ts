// The bytes that the server keeps for clients that send or read slowly: bodies that have not arrived, and responses that were not taken. Small ones always fit, so
// that slow clients with large ones do not shut out the others; the number of connections bounds the small ones.
import { retryAfterSeconds, smallBytesMax } from './limits.ts'
import { HttpError } from './problems.ts'

export interface Holding {
  /** It has this many bytes now. Throws `server_busy`. */
  grow(bytes: number): void
  end(): void
}

export class HeldBytes {
  readonly #max: number
  #large = 0

  constructor(max: number) {
    this.#max = max
  }

  begin(): Holding {
    let held = 0
    return {
      grow: (bytes) => {
        if (bytes <= smallBytesMax) return
        if (this.#large - held + bytes > this.#max)
          throw new HttpError(
            'server_busy',
            'Slow clients use the memory that the server has for large bodies and responses. Try again later.',
            { headers: { 'Retry-After': String(retryAfterSeconds) } },
          )
        this.#large += bytes - held
        held = bytes
      },
      end: () => {
        this.#large -= held
        held = 0
      },
    }
  }
}

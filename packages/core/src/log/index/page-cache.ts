// Keeps pages of index files in memory, up to a limit; what was not used since the last sweep goes first (the clock algorithm, Corbató 1968). The memory
// of pages that go is used again, so a page is good only until the next one is asked for.
import { pageBytes } from './pages.ts'

/** Pages by number. */
export interface CachedPages {
  readonly pages: (Buffer | undefined)[]
  /** 1 where the page was used since the last sweep. */
  readonly used: Uint8Array
}

export class PageCache {
  readonly #pagesMax: number
  readonly #files = new Set<CachedPages>()
  readonly #free: Buffer[] = []
  #pages = 0

  constructor({ pagesMax }: { pagesMax: number }) {
    this.#pagesMax = Math.max(1, pagesMax)
  }

  /** Memory to read a page into. */
  blank(): Buffer {
    if (this.#pages >= this.#pagesMax) this.#sweep()
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(pageBytes)
  }

  keep(file: CachedPages, number: number, page: Buffer): void {
    this.#files.add(file)
    file.pages[number] = page
    this.#pages++
  }

  forget(file: CachedPages): void {
    if (!this.#files.delete(file)) return
    for (let number = 0; number < file.pages.length; number++) if (file.pages[number]) this.#drop(file, number)
    file.pages.length = 0
  }

  #sweep(): void {
    const before = this.#pages
    this.#each((file, number) => {
      if (file.used[number] === 0) this.#drop(file, number)
      file.used[number] = 0
    })
    // All were in use: then half of them go.
    if (this.#pages > 0.75 * before) {
      let every = 0
      this.#each((file, number) => {
        if (every++ % 2 === 0) this.#drop(file, number)
      })
    }
  }

  #each(visit: (file: CachedPages, number: number) => void): void {
    for (const file of this.#files) {
      for (let number = 0; number < file.pages.length; number++) if (file.pages[number]) visit(file, number)
    }
  }

  #drop(file: CachedPages, number: number): void {
    this.#free.push(file.pages[number]!)
    file.pages[number] = undefined
    this.#pages--
  }
}

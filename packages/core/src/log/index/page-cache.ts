// Keeps pages of index files in memory, up to a limit; what was not used since the last sweep goes first (the clock algorithm, Corbató 1968).

/** Pages by number. */
export interface CachedPages {
  readonly pages: (Buffer | undefined)[]
  /** 1 where the page was used since the last sweep. */
  readonly used: Uint8Array
}

export class PageCache {
  readonly #pagesMax: number
  readonly #files = new Set<CachedPages>()
  #pages = 0

  constructor({ pagesMax }: { pagesMax: number }) {
    this.#pagesMax = Math.max(1, pagesMax)
  }

  keep(file: CachedPages, number: number, page: Buffer): void {
    if (this.#pages >= this.#pagesMax) this.#sweep()
    this.#files.add(file)
    file.pages[number] = page
    this.#pages++
  }

  forget(file: CachedPages): void {
    if (!this.#files.delete(file)) return
    for (const page of file.pages) if (page) this.#pages--
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
    file.pages[number] = undefined
    this.#pages--
  }
}

// Readers with the same filter share one view, so that what is made for one of them is made for all.
import type { Entry, View } from './window.ts'

export class Views<Each extends Entry> {
  readonly #shared = new Map<string, { readonly view: View<Each>; users: number }>()

  /** The view for a filter, until it is disposed of. `key` names the filter. */
  use(key: string, make: () => View<Each>): { readonly view: View<Each> } & Disposable {
    const shared = this.#shared.get(key) ?? { view: make(), users: 0 }
    this.#shared.set(key, shared)
    shared.users++
    const release = () => {
      if (--shared.users === 0) this.#shared.delete(key)
    }
    return { view: shared.view, [Symbol.dispose]: release }
  }
}

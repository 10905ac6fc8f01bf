// A module that is written: what it imports is found while its code is made.
import { dirname, relative } from 'node:path/posix'
import { type Code, group, printed, text } from './code.ts'
import type { Place } from './places.ts'

export class Module {
  readonly file: string
  readonly #imports = new Map<string, Set<string>>()

  constructor(file: string) {
    this.file = file
  }

  use(from: string, ...names: readonly string[]): void {
    const known = this.#imports.get(from) ?? new Set()
    for (const name of names) known.add(name)
    if (names.length > 0) this.#imports.set(from, known)
  }

  /** The code of what another module declares. */
  see({ file, name, code }: Place): string {
    if (file !== this.file) {
      const path = relative(dirname(this.file), file)
      this.use(path.startsWith('.') ? path : `./${path}`, name)
    }
    return code
  }

  seen(places: readonly Place[]): readonly string[] {
    return places.map((each) => this.see(each))
  }

  /** The text of the file. `about` says why it exists. */
  written(about: string, parts: readonly Code[]): string {
    const imports = [...this.#imports]
      .toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
      .map(([from, names]) => {
        const areTypes = [...names].every((name) => name.startsWith('type '))
        const shown = [...names].toSorted(byName).map((name) => (areTypes ? name.replace('type ', '') : name))
        return printed([areTypes ? 'import type ' : 'import ', group('{', shown, '}'), ` from ${text(from)}`])
      })
    const head = `// ${about}\n${imports.map((each) => `${each}\n`).join('')}`
    return `${head}${parts.length === 0 ? '' : '\n'}${parts.map(printed).join('\n\n')}${parts.length === 0 ? '' : '\n'}`
  }
}

/** Node first, then packages, then what is far, then what is near. */
function rank(from: string): number {
  if (from.startsWith('node:')) return 0
  if (!from.startsWith('.')) return 1
  return from.startsWith('..') ? 2 : 3
}

/** As organised imports are: `type` means nothing, and upper case stands before lower case of the same letters. */
function byName(a: string, b: string): number {
  const [x, y] = [a.replace('type ', ''), b.replace('type ', '')]
  return x.toLowerCase() < y.toLowerCase() ? -1 : x.toLowerCase() > y.toLowerCase() ? 1 : x < y ? -1 : 1
}

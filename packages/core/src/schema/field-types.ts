// The types of fields as a board writes them, read as data: `list of text`, `EUR | CZK`, `text or integer`.

export type FieldType =
  | { readonly kind: 'basic'; readonly name: BasicType }
  | { readonly kind: 'one of'; readonly values: readonly unknown[] }
  | { readonly kind: 'list' | 'map'; readonly of: FieldType }
  | { readonly kind: 'tuple'; readonly of: readonly FieldType[] }
  | { readonly kind: 'either'; readonly of: readonly FieldType[] }

export const basicTypes = [
  ...([
    'text',
    'integer',
    'number',
    'boolean',
    'date',
    'time',
    'email',
    'address',
    'uuid',
    'any',
    'object',
    'null',
  ] as const),
]
export type BasicType = (typeof basicTypes)[number]

/** What people write by habit. */
const habits: Readonly<Record<string, BasicType>> = {
  string: 'text',
  int: 'integer',
  bool: 'boolean',
  float: 'number',
  decimal: 'number',
  datetime: 'time',
  timestamp: 'time',
  url: 'address',
  objects: 'object',
}

/** Undefined for text that is no type. A single word is only a type where it is in quotes or a type by name. */
export function fieldType(text: string): FieldType | undefined {
  const reader = new TypeReader(text)
  const found = reader.either()
  return found && reader.isAtEnd ? found : undefined
}

class TypeReader {
  #rest: string

  constructor(text: string) {
    this.#rest = text.trim()
  }

  get isAtEnd(): boolean {
    return this.#rest === ''
  }

  either(): FieldType | undefined {
    const of = this.#separated(/^or\s+/, () => this.#single())
    return of && (of.length === 1 ? of[0]! : { kind: 'either', of })
  }

  #single(): FieldType | undefined {
    if (this.#take(/^map\s+of\s+/i)) {
      const of = this.either()
      return of && { kind: 'map', of }
    }
    if (this.#take(/^list\s+of\s+/i)) {
      const of = this.#separated(/^,\s*/, () => this.either())
      return of && (of.length === 1 ? { kind: 'list', of: of[0]! } : { kind: 'tuple', of })
    }
    const values = this.#separated(/^\|\s*/, () => this.#take(literalForm))
    if (!values) return undefined
    const [only] = values
    if (values.length > 1 || /^["\d[{-]|^(?:true|false)$/.test(only!)) return oneOf(values)
    const name = habits[only!.toLowerCase()] ?? basicTypes.find((each) => each === only!.toLowerCase())
    return name && { kind: 'basic', name }
  }

  #separated<Part>(separator: RegExp, next: () => Part | undefined): readonly Part[] | undefined {
    const parts: Part[] = []
    do {
      const part = next()
      if (part === undefined) return undefined
      parts.push(part)
    } while (this.#take(separator))
    return parts
  }

  #take(form: RegExp): string | undefined {
    const [found] = form.exec(this.#rest) ?? []
    if (found === undefined) return undefined
    this.#rest = this.#rest.slice(found.length).trimStart()
    return found
  }
}

/** A word, or text, numbers, lists and objects as JSON writes them. */
const literalForm =
  /^(?:"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\[[^\]]*\]|\{[^}]*\}|[\p{L}_][\p{L}\p{N}_-]*)/u

function oneOf(texts: readonly string[]): FieldType | undefined {
  try {
    const values = texts.map((text) => (/^["\d[{-]|^(?:true|false|null)$/.test(text) ? JSON.parse(text) : text))
    return { kind: 'one of', values }
  } catch {
    return undefined
  }
}

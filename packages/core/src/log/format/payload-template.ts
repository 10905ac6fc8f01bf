// What payloads of one kind have in common, byte for byte: all but their values. A payload that fits is taken apart several times as fast as JSON.parse
// does it, with the same result; one that does not, or is in any way unusual, is left to JSON.parse.
import { canCompile, compiled } from './compiled.ts'

/** In a payload; more are left to JSON.parse. */
const valuesMax = 64
const depthMax = 8
/** In digits: so long every number is exact, and so is its quotient by a power of ten. */
const digitsMax = 15
const powersOfTen = Array.from({ length: digitsMax + 1 }, (_, exponent) => 10 ** exponent)
const [quote, backslash, minus, dot, zero, nine] = [0x22, 0x5c, 0x2d, 0x2e, 0x30, 0x39]

/** Makes texts of the bytes between two places, which are ASCII. */
export interface TextMaker {
  text(bytes: Buffer, from: number, to: number): string
}

export class PayloadTemplate {
  /** What comes before each value, and after the last. */
  readonly #pieces: readonly Buffer[]
  readonly #make: (values: unknown[], row: number) => unknown
  readonly #texts: TextMaker
  readonly #values: unknown[]
  /** Where the value that was read last ends. */
  #end = 0

  private constructor(pieces: readonly Buffer[], expression: string, texts: TextMaker) {
    this.#pieces = pieces
    this.#make = compiled(expression)
    this.#texts = texts
    this.#values = Array.from({ length: pieces.length - 1 })
  }

  /** Learns from a payload that JSON.parse has found to be one. Nothing where it is not of the simple kind. */
  static of(payload: Buffer, texts: TextMaker): PayloadTemplate | undefined {
    if (!canCompile() || payload.some((byte) => byte > 0x7f)) return undefined
    const learned = new Learner(payload.toString('latin1')).learn()
    return learned && new PayloadTemplate(learned.pieces, learned.expression, texts)
  }

  /** The value of a payload, or nothing where it does not fit. */
  parse(bytes: Buffer, from: number, to: number): unknown {
    const pieces = this.#pieces
    const values = this.#values
    let at = from
    for (let slot = 0; slot < pieces.length; slot++) {
      const piece = pieces[slot]!
      if (at + piece.length > to) return undefined
      for (let byte = 0; byte < piece.length; byte++) if (bytes[at + byte] !== piece[byte]) return undefined
      at += piece.length
      if (slot === values.length) break
      const value = this.#value(bytes, at, to)
      if (value === undefined) return undefined
      values[slot] = value
      at = this.#end
    }
    return at === to ? this.#make(values, 0) : undefined
  }

  #value(bytes: Buffer, at: number, to: number): unknown {
    const first = bytes[at]!
    if (first === quote) return this.#string(bytes, at + 1, to)
    if (first === minus || (first >= zero && first <= nine)) return this.#number(bytes, at, to)
    return this.#word(bytes, at)
  }

  #string(bytes: Buffer, from: number, to: number): string | undefined {
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!
      if (byte === quote) {
        this.#end = at + 1
        return this.#texts.text(bytes, from, at)
      }
      if (byte < 0x20 || byte > 0x7f || byte === backslash) return undefined
    }
    return undefined
  }

  #number(bytes: Buffer, from: number, to: number): number | undefined {
    const isNegative = bytes[from] === minus
    const start = isNegative ? from + 1 : from
    let at = start
    let value = 0
    for (; at < to; at++) {
      const digit = bytes[at]! - zero
      if (digit < 0 || digit > 9) break
      value = 10 * value + digit
    }
    const whole = at - start
    if (whole === 0 || (whole > 1 && bytes[start] === zero)) return undefined
    let decimals = 0
    if (at < to && bytes[at] === dot) {
      for (at++; at < to; at++, decimals++) {
        const digit = bytes[at]! - zero
        if (digit < 0 || digit > 9) break
        value = 10 * value + digit
      }
      if (decimals === 0) return undefined
    }
    if (whole + decimals > digitsMax) return undefined
    if (decimals > 0) value /= powersOfTen[decimals]!
    this.#end = at
    // An exponent that follows fits no piece.
    return isNegative ? -value : value
  }

  #word(bytes: Buffer, at: number): boolean | null | undefined {
    for (const { word, value } of words) {
      if (bytes[at] !== word[0]) continue
      for (let byte = 1; byte < word.length; byte++) if (bytes[at + byte] !== word[byte]) return undefined
      this.#end = at + word.length
      return value
    }
    return undefined
  }
}

const words = [
  { word: Buffer.from('true'), value: true },
  { word: Buffer.from('false'), value: false },
  { word: Buffer.from('null'), value: null },
] as const

/** Finds the pieces of a payload, which is JSON, and the expression that makes its value of the values between them. */
class Learner {
  readonly #text: string
  readonly #pieces: Buffer[] = []
  #at = 0
  #pieceFrom = 0

  constructor(text: string) {
    this.#text = text
  }

  learn(): { readonly pieces: readonly Buffer[]; readonly expression: string } | undefined {
    this.#space()
    const expression = this.#text[this.#at] === '{' ? this.#object(0) : undefined
    if (expression === undefined) return undefined
    this.#pieces.push(Buffer.from(this.#text.slice(this.#pieceFrom), 'latin1'))
    return { pieces: this.#pieces, expression: `(${expression})` }
  }

  #object(depth: number): string | undefined {
    if (depth >= depthMax) return undefined
    const fields = new Map<string, string>()
    this.#at++
    for (this.#space(); this.#text[this.#at] !== '}'; this.#space()) {
      if (this.#text[this.#at] === ',') this.#at++
      this.#space()
      const from = this.#at
      this.#skipString()
      const key = this.#text.slice(from, this.#at)
      // A key that stands there twice, or means something else in a literal, or in other signs, is no simple one.
      if (key.includes('\\') || key === '"__proto__"' || fields.has(key)) return undefined
      this.#space()
      this.#at++
      this.#space()
      const value = this.#text[this.#at] === '{' ? this.#object(depth + 1) : this.#slot()
      if (value === undefined) return undefined
      fields.set(key, value)
    }
    this.#at++
    return `{${[...fields].map(([key, value]) => `${key}:${value}`).join(',')}}`
  }

  /** Takes a value that differs from payload to payload. */
  #slot(): string | undefined {
    const first = this.#text[this.#at]!
    if (first === '[' || this.#pieces.length >= valuesMax) return undefined
    this.#pieces.push(Buffer.from(this.#text.slice(this.#pieceFrom, this.#at), 'latin1'))
    if (first === '"') this.#skipString()
    else while (!/[\s,}]/.test(this.#text[this.#at]!)) this.#at++
    this.#pieceFrom = this.#at
    return `v[${this.#pieces.length - 1}]`
  }

  #skipString(): void {
    for (this.#at++; this.#text[this.#at] !== '"'; this.#at++) if (this.#text[this.#at] === '\\') this.#at++
    this.#at++
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++
  }
}

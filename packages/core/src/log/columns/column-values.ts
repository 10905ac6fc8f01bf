// The values of a column as they come, and how they are kept in a file, which is chosen from the values themselves, without a declaration. The last step puts them
// into the order of the file: an order gives for each of its rows the number of a value as it came.
import type { ColumnPlan, SectionList } from './column-file.ts'
import { encodeNumbers, encodeTexts, isPlainNumber } from './encode-column.ts'
import { Growing } from './growing.ts'
import { occurring, renumbered } from './orders.ts'
import { TextValues } from './text-values.ts'

/** More different texts than this are kept one by one. */
const choicesMax = 4096
/** A constant is stored in the plan, which every reader reads. */
const constantUnitsMax = 256

type Scalar = string | number | boolean | null

/** Scalars and arrays as JSON.parse gives them. */
export class ColumnValues {
  #length = 0
  /** Before anything else came: what all of them are. */
  #constant: Scalar = null
  #kept: OfAKind | JsonValues | undefined
  /** 1 for each null, from the first on. */
  #nulls: Growing<Uint8Array> | undefined

  push(value: unknown): void {
    if (!this.#kept && this.#isConstantWith(value)) this.#constant = value
    else this.#keep(value)
    this.#length++
  }

  /** All of them, in an order. Their memory is given back. */
  encode(order: Uint32Array, sections: SectionList): ColumnPlan {
    if (!this.#kept) return { is: 'constant', value: this.#constant }
    const nulls = this.#nulls ? { nulls: sections.add(this.#nulls.inOrder(order)) } : {}
    this.#nulls?.release()
    return { ...this.#kept.encode(order, sections), ...nulls }
  }

  #isConstantWith(value: unknown): value is Scalar {
    return this.#length === 0 ? isConstant(value) : Object.is(value, this.#constant)
  }

  #keep(value: unknown): void {
    if (!this.#kept) this.#keepConstants(value)
    if (value === null) {
      this.#nulls ??= flags(this.#length, 0)
      this.#nulls.push(1)
      this.#kept!.pushBlank()
      return
    }
    this.#nulls?.push(0)
    if (!(this.#kept instanceof JsonValues) && !this.#kept!.takes(value)) this.#kept = this.#asJson(this.#kept!)
    this.#kept!.push(value)
  }

  #keepConstants(next: unknown): void {
    const [constant, length] = [this.#constant, this.#length]
    const isNull = length > 0 && constant === null
    this.#kept = keptLike(length === 0 || isNull ? next : constant)
    if (isNull) this.#nulls = flags(length, 1)
    for (let index = 0; index < length; index++) {
      if (isNull) this.#kept.pushBlank()
      else this.#kept.push(constant)
    }
  }

  #asJson(kept: OfAKind): JsonValues {
    const json = new JsonValues()
    for (let index = 0; index < this.#length; index++) {
      if (this.#nulls?.at(index) === 1) json.pushBlank()
      else json.push(kept.at(index))
    }
    return json
  }
}

/** A blank stands where a null is. */
interface Kept {
  push(value: unknown): void
  pushBlank(): void
  encode(order: Uint32Array, sections: SectionList): ColumnPlan
}

interface OfAKind extends Kept {
  takes(value: unknown): boolean
  at(index: number): unknown
}

function keptLike(value: unknown): OfAKind | JsonValues {
  if (typeof value === 'number') return new NumberValues()
  if (typeof value === 'boolean') return new BooleanValues()
  return typeof value === 'string' ? new StringValues() : new JsonValues()
}

class NumberValues implements OfAKind {
  readonly #values = new Growing(Float64Array)

  takes(value: unknown): boolean {
    return typeof value === 'number'
  }

  push(value: number): void {
    this.#values.push(value)
  }

  pushBlank(): void {
    this.#values.push(0)
  }

  at(index: number): number {
    return this.#values.at(index)
  }

  encode(order: Uint32Array, sections: SectionList): ColumnPlan {
    const values = this.#values.inOrder(order)
    this.#values.release()
    return encodeNumbers(values, sections)
  }
}

class BooleanValues implements OfAKind {
  readonly #values = new Growing(Uint8Array)

  takes(value: unknown): boolean {
    return typeof value === 'boolean'
  }

  push(value: boolean): void {
    this.#values.push(value ? 1 : 0)
  }

  pushBlank(): void {
    this.#values.push(0)
  }

  at(index: number): boolean {
    return this.#values.at(index) === 1
  }

  encode(order: Uint32Array, sections: SectionList): ColumnPlan {
    const values = this.#values.inOrder(order)
    this.#values.release()
    return { is: 'bool', values: sections.add(values) }
  }
}

/** Until there are too many different ones, only their numbers are kept. */
class StringValues implements OfAKind {
  #kept: Choices | TextValues = new Choices()

  takes(value: unknown): boolean {
    return typeof value === 'string'
  }

  push(value: string): void {
    if (this.#kept instanceof Choices) {
      if (this.#kept.push(value)) return
      this.#kept = this.#kept.asTexts()
    }
    this.#kept.push(value)
  }

  pushBlank(): void {
    this.push('')
  }

  at(index: number): string {
    return this.#kept.at(index)
  }

  encode(order: Uint32Array, sections: SectionList): ColumnPlan {
    let kept = this.#kept
    if (kept instanceof Choices) {
      if (kept.count <= Math.ceil(order.length / 2)) return kept.encode(order, sections)
      kept = kept.asTexts()
    }
    return { is: 'text', texts: kept.encode(order, sections) }
  }
}

class Choices {
  readonly #numbers = new Map<string, number>()
  readonly #texts: string[] = []
  readonly #values = new Growing(Uint16Array)

  get count(): number {
    return this.#texts.length
  }

  /** False where it would be one too many. */
  push(text: string): boolean {
    let number = this.#numbers.get(text)
    if (number === undefined) {
      if (this.count >= choicesMax) return false
      number = this.#texts.push(text) - 1
      this.#numbers.set(text, number)
    }
    this.#values.push(number)
    return true
  }

  at(index: number): string {
    return this.#texts[this.#values.at(index)]!
  }

  /** The same one by one; here they are gone then. */
  asTexts(): TextValues {
    const texts = new TextValues()
    for (const number of this.#values.items) texts.push(this.#texts[number]!)
    this.#values.release()
    return texts
  }

  encode(order: Uint32Array, sections: SectionList): ColumnPlan {
    const numbers = this.#values.inOrder(order)
    this.#values.release()
    const found = occurring(numbers, this.count)
    const values = renumbered(numbers, found, this.count)
    const texts = found.map((number) => this.#texts[number]!)
    const choices = encodeTexts(texts, sections)
    return { is: 'choice', choices, values: sections.add(this.count <= 256 ? Uint8Array.from(values) : values) }
  }
}

class JsonValues implements Kept {
  readonly #texts = new TextValues()

  push(value: unknown): void {
    this.#texts.push(jsonOf(value))
  }

  pushBlank(): void {
    this.#texts.push('')
  }

  encode(order: Uint32Array, sections: SectionList): ColumnPlan {
    return { is: 'json', texts: this.#texts.encode(order, sections) }
  }
}

function flags(length: number, flag: 0 | 1): Growing<Uint8Array> {
  const found = new Growing(Uint8Array)
  found.extend(length).fill(flag, 0, length)
  return found
}

function isConstant(value: unknown): value is Scalar {
  if (typeof value === 'string') return value.length <= constantUnitsMax
  return value === null || typeof value === 'boolean' || (typeof value === 'number' && isPlainNumber(value))
}

function jsonOf(value: unknown): string {
  if (typeof value !== 'number' || isPlainNumber(value)) return JSON.stringify(value)
  return value === 0 ? '-0' : value < 0 ? '-1e999' : '1e999'
}

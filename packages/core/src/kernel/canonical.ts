// The same text for equal values, in any order of their members: to compare two values without both in memory.
import { canonicalDepthMax, canonicalPartsMax } from './limits.ts'

export interface CanonicalOptions {
  /** As in JSON, a member that is undefined counts as missing. */
  readonly withoutUndefined?: boolean
}

/**
 * Two values have the same text only if they are equal. It is JSON with sorted members, extended for values that JSON drops or does not distinguish
 * (undefined, NaN, -0, BigInt, Date, Map, Set, bytes, holes, prototypes). A cycle is written as a reference to an outer object.
 *
 * Undefined if the value contains something that cannot be read (functions, private fields, objects of the platform), or is too large.
 */
export function canonicalText(value: unknown, options: CanonicalOptions = {}): string | undefined {
  try {
    return new Writer(options).text(value)
  } catch (error) {
    if (error instanceof Opaque) return undefined
    throw error
  }
}

/** A value that cannot be compared. */
class Opaque extends Error {}

class Writer {
  readonly #withoutUndefined: boolean
  /** The objects around the one that is being written. */
  readonly #around: object[] = []
  #parts = 0

  constructor({ withoutUndefined = false }: CanonicalOptions) {
    this.#withoutUndefined = withoutUndefined
  }

  text(value: unknown): string {
    if (++this.#parts > canonicalPartsMax) throw new Opaque()
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value)
      case 'number':
        return Object.is(value, -0) ? '-0' : String(value)
      case 'bigint':
        return `${value}n`
      case 'boolean':
      case 'undefined':
        return String(value)
      case 'symbol':
        if (Symbol.keyFor(value) === undefined) throw new Opaque()
        return `@${JSON.stringify(Symbol.keyFor(value))}`
      case 'object':
        return value === null ? 'null' : this.#object(value)
      default:
        throw new Opaque()
    }
  }

  #object(value: object): string {
    const way = this.#around.length - this.#around.lastIndexOf(value)
    if (way <= this.#around.length) return `^${way}`
    if (this.#around.length >= canonicalDepthMax) throw new Opaque()
    this.#around.push(value)
    const text = kindOf(value) + this.#content(value)
    this.#around.pop()
    return text
  }

  /** The content of the value, and its other members. */
  #content(value: object): string {
    if (Array.isArray(value)) {
      if (value.length > canonicalPartsMax) throw new Opaque()
      const items = Array.from(value, (item, index) => (Object.hasOwn(value, index) ? this.text(item) : '_'))
      return `[${items.join(',')}]${this.#members(value, (name) => name === 'length' || isIndex(name))}`
    }
    if (value instanceof Map) return this.#list(Array.from(value).flat()) + this.#members(value)
    if (value instanceof Set) return this.#list([...value]) + this.#members(value)
    if (value instanceof Date) return `(${value.getTime()})${this.#members(value)}`
    if (value instanceof RegExp) return `(${value})${this.#members(value)}`
    if (ArrayBuffer.isView(value))
      return bytesText(value.buffer, value.byteOffset, value.byteLength) + this.#members(value, isIndex)
    if (value instanceof ArrayBuffer) return bytesText(value, 0, value.byteLength) + this.#members(value)
    return this.#members(value) || '{}'
  }

  #list(values: readonly unknown[]): string {
    return `(${values.map((value) => this.text(value)).join(',')})`
  }

  /** An empty text if there are none. */
  #members(value: object, isKnown: (name: string) => boolean = () => false): string {
    const members: string[] = []
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === 'string' && isKnown(key)) continue
      const { get, set, enumerable, value: member } = Object.getOwnPropertyDescriptor(value, key)!
      if (get || set) throw new Opaque()
      if (member === undefined && this.#withoutUndefined) continue
      members.push(`${enumerable ? '' : '!'}${this.text(key)}:${this.text(member)}`)
    }
    return members.length === 0 ? '' : `{${members.sort().join(',')}}`
  }
}

function isIndex(name: string): boolean {
  return /^(0|[1-9]\d*)$/.test(name)
}

/** The names of the classes of a value; nothing for plain objects and lists. */
function kindOf(value: object): string {
  let kind = ''
  for (let prototype = Object.getPrototypeOf(value); ; prototype = Object.getPrototypeOf(prototype)) {
    if (prototype === null) return `${kind}null`
    if (prototype === Object.prototype) return kind
    const { constructor: madeBy } = prototype
    if (typeof madeBy !== 'function') throw new Opaque()
    if (prototype !== Array.prototype) kind += `${madeBy.name} `
    if (ofKnownContent.has(prototype)) return kind
    // Private fields and the content of platform objects cannot be read.
    const source = Function.prototype.toString.call(madeBy)
    if (/#[\p{ID_Start}$_]/u.test(source) || source.includes('[native code]')) throw new Opaque()
  }
}

const ofKnownContent: ReadonlySet<object> = new Set([
  Array.prototype,
  Map.prototype,
  Set.prototype,
  Date.prototype,
  RegExp.prototype,
  ArrayBuffer.prototype,
  DataView.prototype,
  ...[Uint8Array, Uint8ClampedArray, Uint16Array, Uint32Array, Int8Array, Int16Array, Int32Array].map(prototypeOf),
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array].map(prototypeOf),
])

function prototypeOf(type: { readonly prototype: object }): object {
  return type.prototype
}

function bytesText(buffer: ArrayBufferLike, offset: number, length: number): string {
  return `(${Array.from(new Uint8Array(buffer, offset, length), (byte) => byte.toString(16).padStart(2, '0')).join('')})`
}

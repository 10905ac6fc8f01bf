// What a request may say besides its body. Each parameter is declared once: the request is read with it, and OpenAPI is written from it.
import type { Context } from 'hono'
import type { JsonSchema } from 'indelible/schema'
import { HttpError } from './problems.ts'

export interface Parameter<Value = unknown> {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly description: string
  readonly schema: JsonSchema
  /** Throws `invalid_parameter`. */
  readonly parse: (text: string) => Value
}

type Declared = Pick<Parameter, 'in' | 'description'>

/** The value, or nothing where the request does not give it. */
export function read<Value>(c: Context, { name, in: place, parse }: Parameter<Value>): Value | undefined {
  const text = place === 'path' ? c.req.param(name) : place === 'query' ? c.req.query(name) : headerText(c, name)
  return text === undefined ? undefined : parse(text)
}

/** HTTP hands over the bytes of a header as a character each (https://fetch.spec.whatwg.org/#concept-header-value). What they say is UTF-8. */
function headerText(c: Context, name: string): string | undefined {
  const bytes = c.req.header(name)
  if (bytes === undefined) return undefined
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'))
  } catch {
    throw invalid(name, `"${name}" is not UTF-8.`)
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A misspelt parameter must not silently mean "as if I had not asked": throws `invalid_parameter` for every one that is not declared. */
export function checkQuery(request: Request, isDeclared: (name: string) => boolean): void {
  const seen = new Set<string>()
  for (const name of new URL(request.url).searchParams.keys()) {
    if (!isDeclared(name)) throw invalid(name, `There is no parameter "${name}" here.`)
    if (seen.has(name)) throw invalid(name, `"${name}" is given twice.`)
    seen.add(name)
  }
}

export function text(name: string, declared: Declared & { bytesMax?: number }): Parameter<string> {
  const { in: place, description, bytesMax } = declared
  return {
    name,
    in: place,
    description,
    schema: {
      type: 'string',
      minLength: 1,
      // It counts characters, of which each has at least a byte.
      ...(bytesMax ? { maxLength: bytesMax } : {}),
    },
    parse: (value) => {
      if (value !== '' && (bytesMax === undefined || Buffer.byteLength(value) <= bytesMax)) return value
      throw invalid(name, `"${name}" has ${bytesMax ? `1 to ${bytesMax} bytes of UTF-8` : 'at least one character'}.`)
    },
  }
}

export function wholeNumber(
  name: string,
  declared: Declared & { min?: number; max?: number; default?: number },
): Parameter<number> {
  const { in: place, description, min = 0, max = Number.MAX_SAFE_INTEGER } = declared
  const byDefault = declared.default === undefined ? {} : { default: declared.default }
  return {
    name,
    in: place,
    description,
    schema: { type: 'integer', minimum: min, maximum: max, ...byDefault },
    parse: (digits) => {
      const value = /^\d{1,16}$/.test(digits) ? Number(digits) : Number.NaN
      if (value >= min && value <= max) return value
      throw invalid(name, `"${name}" is a whole number from ${min} to ${max}, not "${digits}".`)
    },
  }
}

/** One of some words, the first when left out. */
export function oneOf<const Word extends string>(
  name: string,
  words: readonly [Word, ...Word[]],
  { in: place, description }: Declared,
): Parameter<Word> {
  return {
    name,
    in: place,
    description,
    schema: { type: 'string', enum: words, default: words[0] },
    parse: (value) => {
      const word = words.find((each) => each === value)
      if (word) return word
      throw invalid(name, `"${name}" is ${words.join(' or ')}, not "${value}".`)
    },
  }
}

export function invalid(parameter: string, message: string): HttpError {
  return new HttpError('invalid_parameter', message, { members: { parameter } })
}

type Given<Values> = { [Name in keyof Values]?: Exclude<Values[Name], undefined> }

/** The same without what is `undefined`: options that may be left out may not be that. */
export function given<Values extends object>(values: Values): Given<Values> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<Values>
}

// The parameters of requests. Each is declared once: the declaration parses the request, and OpenAPI is generated from it.
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

/** The value, or undefined if the request does not have the parameter. */
export function read<Value>(c: Context, { name, in: place, parse }: Parameter<Value>): Value | undefined {
  const text = place === 'path' ? c.req.param(name) : place === 'query' ? c.req.query(name) : headerText(c, name)
  return text === undefined ? undefined : parse(text)
}

/** A header value has one character for each byte (https://fetch.spec.whatwg.org/#concept-header-value). These bytes are UTF-8. */
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

/** Throws `invalid_parameter` for a parameter that is not declared, so that a misspelt one is not ignored silently. */
export function checkQuery(
  request: Request,
  isDeclared: (name: string) => boolean,
  isList: (name: string) => boolean = () => false,
): void {
  const seen = new Set<string>()
  for (const name of new URL(request.url).searchParams.keys()) {
    if (!isDeclared(name)) throw invalid(name, `This request has no parameter "${name}".`)
    if (seen.has(name) && !isList(name)) throw invalid(name, `"${name}" is given twice.`)
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
      // maxLength counts characters, and a character has at least one byte.
      ...(bytesMax ? { maxLength: bytesMax } : {}),
    },
    parse: (value) => {
      if (value !== '' && (bytesMax === undefined || Buffer.byteLength(value) <= bytesMax)) return value
      throw invalid(
        name,
        `"${name}" must have ${bytesMax ? `1 to ${bytesMax} bytes of UTF-8` : 'at least one character'}.`,
      )
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
      throw invalid(name, `"${name}" must be a whole number from ${min} to ${max}, not "${digits}".`)
    },
  }
}

/** One of these words. The first is the default. */
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
      throw invalid(name, `"${name}" must be ${words.join(' or ')}, not "${value}".`)
    },
  }
}

export function invalid(parameter: string, message: string): HttpError {
  return new HttpError('invalid_parameter', message, { members: { parameter } })
}

type Given<Values> = { [Name in keyof Values]?: Exclude<Values[Name], undefined> }

/** The same object without members that are `undefined`, because optional options must not be `undefined`. */
export function given<Values extends object>(values: Values): Given<Values> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<Values>
}

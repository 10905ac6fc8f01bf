// The parameters of operations. Each is declared once: the declaration checks values, and JSON Schema describes it. No transport is known here.
import { IndelibleError } from '../kernel/errors.ts'
import { utf8Length } from '../kernel/text.ts'
import type { JsonSchema } from '../schema/json-schema.ts'

/** One parameter of an operation. */
export interface Parameter<Value = unknown> {
  readonly description: string
  readonly schema: JsonSchema
  readonly isRequired: boolean
  /** For transports that carry text, such as a URL: the JSON value of a text. Returns the text itself if it has no such value; `parse` refuses it then. */
  fromText(text: string): unknown
  /** Checks a JSON value. `name` is the name that the caller uses. Throws `invalid_parameter`. */
  parse(value: unknown, name: string): Value
}

/** The parameters of an operation, by name. */
export type Parameters = Readonly<Record<string, Parameter>>

type Optional<Value> = Parameter<Value> & { readonly isRequired: false }
type Required<Value> = Parameter<Value> & { readonly isRequired: true }

/** The input of an operation with these parameters. */
export type InputOf<Declared extends Parameters> = {
  readonly [Name in keyof Declared as Declared[Name]['isRequired'] extends true ? Name : never]: ValueOf<Declared[Name]>
} & {
  readonly [Name in keyof Declared as Declared[Name]['isRequired'] extends true ? never : Name]?:
    | ValueOf<Declared[Name]>
    | undefined
}

type ValueOf<Declared> = Declared extends Parameter<infer Value> ? Value : never

/** The same parameter, which every call must give. */
export function required<Value>(parameter: Parameter<Value>): Required<Value> {
  return { ...parameter, isRequired: true }
}

/** A text of at least one character. */
export function text({ description, bytesMax }: { description: string; bytesMax?: number }): Optional<string> {
  return {
    description,
    isRequired: false,
    schema: {
      type: 'string',
      minLength: 1,
      // maxLength counts characters, and a character has at least one byte.
      ...(bytesMax ? { maxLength: bytesMax } : {}),
    },
    fromText: (value) => value,
    parse: (value, name) => {
      if (typeof value !== 'string') throw invalid(name, `"${name}" must be text.`)
      if (value !== '' && (bytesMax === undefined || utf8Length(value) <= bytesMax)) return value
      throw invalid(
        name,
        `"${name}" must have ${bytesMax ? `1 to ${bytesMax} bytes of UTF-8` : 'at least one character'}.`,
      )
    },
  }
}

/** A whole number in a range, from 0 if there is no `min`. */
export function wholeNumber(declared: {
  description: string
  min?: number
  max?: number
  default?: number
}): Optional<number> {
  const { description, min = 0, max = Number.MAX_SAFE_INTEGER } = declared
  const byDefault = declared.default === undefined ? {} : { default: declared.default }
  return {
    description,
    isRequired: false,
    schema: { type: 'integer', minimum: min, maximum: max, ...byDefault },
    fromText: (digits) => (/^\d{1,16}$/.test(digits) ? Number(digits) : digits),
    parse: (value, name) => {
      if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number
      throw invalid(name, `"${name}" must be a whole number from ${min} to ${max}, not ${JSON.stringify(value)}.`)
    },
  }
}

/** One of these words. The first is the default. */
export function oneOf<const Word extends string>(
  words: readonly [Word, ...Word[]],
  { description }: { description: string },
): Optional<Word> {
  return {
    description,
    isRequired: false,
    schema: { type: 'string', enum: words, default: words[0] },
    fromText: (value) => value,
    parse: (value, name) => {
      const word = words.find((each) => each === value)
      if (word) return word
      throw invalid(name, `"${name}" must be ${words.join(' or ')}, not ${JSON.stringify(value)}.`)
    },
  }
}

/** A list of texts. As text, they are separated by commas. */
export function texts({ description }: { description: string }): Optional<readonly string[]> {
  return {
    description,
    isRequired: false,
    schema: { type: 'array', items: { type: 'string', minLength: 1 } },
    fromText: (value) => value.split(','),
    parse: (value, name) => {
      if (Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '')) return value
      throw invalid(name, `"${name}" must be a list of texts that are not empty.`)
    },
  }
}

/** True or false. False is the default. */
export function flag({ description }: { description: string }): Optional<boolean> {
  return {
    description,
    isRequired: false,
    schema: { type: 'boolean', default: false },
    fromText: (value) => (value === 'true' ? true : value === 'false' ? false : value),
    parse: (value, name) => {
      if (typeof value === 'boolean') return value
      throw invalid(name, `"${name}" must be true or false, not ${JSON.stringify(value)}.`)
    },
  }
}

/** Any JSON value. */
export function anyJson({ description }: { description: string }): Optional<unknown> {
  return { description, isRequired: false, schema: {}, fromText: (value) => value, parse: (value) => value }
}

/** An object with values by name, for example by column. */
export function valuesByName({ description }: { description: string }): Optional<Readonly<Record<string, unknown>>> {
  return {
    description,
    isRequired: false,
    schema: { type: 'object' },
    fromText: (value) => value,
    parse: (value, name) => {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
      throw invalid(name, `"${name}" must be an object.`)
    },
  }
}

/** Checks an input against its parameters. Throws `invalid_parameter`, also for a parameter that is not declared or is missing. */
export function parsedInput<Declared extends Parameters>(parameters: Declared, input: unknown): InputOf<Declared> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new IndelibleError('invalid_parameter', 'The input of an operation must be an object.')
  }
  for (const name of Object.keys(input))
    if (!Object.hasOwn(parameters, name)) throw invalid(name, `This operation has no parameter "${name}".`)
  // Every call passes here, so no list is made.
  const values: Record<string, unknown> = {}
  for (const name of Object.keys(parameters)) {
    const parameter = parameters[name]!
    const value = Object.hasOwn(input, name) ? (input as Record<string, unknown>)[name] : undefined
    if (value !== undefined) values[name] = parameter.parse(value, name)
    else if (parameter.isRequired) throw invalid(name, `"${name}" is missing.`)
  }
  return values as InputOf<Declared>
}

export function invalid(parameter: string, message: string): IndelibleError {
  return new IndelibleError('invalid_parameter', message, { details: { parameter } })
}

type Given<Values> = { [Name in keyof Values]?: Exclude<Values[Name], undefined> }

/** The same object without members that are `undefined`, because optional options must not be `undefined`. */
export function given<Values extends object>(values: Values): Given<Values> {
  const all: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(values)) if (value !== undefined) all[name] = value
  return all as Given<Values>
}

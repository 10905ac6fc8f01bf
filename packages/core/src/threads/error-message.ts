// Errors as messages. Node clones an error without the fields that it has of its own, and without its class: here code, details and cause stay.
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import { messageOf } from '../kernel/shown.ts'

export interface ErrorMessage {
  readonly message: string
  /** What else the error has: the `code` and `details` of ours, the `code` of Node's, the `severity` of a database's. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly cause?: ErrorMessage
}

/** A cause has a cause, and so on. More of them are left out; they may also form a ring. */
const causesMax = 8

/** Anything that was thrown, as a message. What is not an error becomes one, with its text. */
export function errorMessage(thrown: unknown, causesLeft = causesMax): ErrorMessage {
  const message = messageOf(thrown)
  if (!(thrown instanceof Error)) return { message, fields: {} }
  const fields = Object.fromEntries(Object.entries(thrown).filter(([, value]) => canBeCloned(value)))
  if (thrown.cause === undefined || causesLeft === 0) return { message, fields }
  return { message, fields, cause: errorMessage(thrown.cause, causesLeft - 1) }
}

/** The error of a message: an `IndelibleError` where it was one. */
export function errorFrom({ message, fields, cause }: ErrorMessage): Error {
  const options = cause && { cause: errorFrom(cause) }
  if (fields.name === 'IndelibleError' && isIndelibleError(fields)) {
    return new IndelibleError(fields.code, message, { details: fields.details, ...options })
  }
  return Object.assign(new Error(message, options), fields)
}

function canBeCloned(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}

// Names that begin with "$" are reserved for Indelible, for example for the events of sagas. Domain code cannot write them, and reads them only on purpose.
import { IndelibleError } from './errors.ts'
import { categoryCharactersMax } from './limits.ts'

/** A query for this category finds all reserved events. */
export const reservedCategory = '$'

/** True for a reserved stream, category, event type, tag or command id. False for values that are not text: other checks refuse them. */
export function isReserved(name: string): boolean {
  return typeof name === 'string' && name.charCodeAt(0) === 0x24
}

/** The category of an aggregate or command. Throws `invalid_declaration`. */
export function checkedCategory(category: string): string {
  if (typeof category === 'string' && categoryForm.test(category) && category.length <= categoryCharactersMax)
    return category
  throw new IndelibleError(
    'invalid_declaration',
    `${JSON.stringify(category)} cannot be a category: use a letter, then letters, digits, "_" and ".", at most ${categoryCharactersMax} characters.`,
  )
}

const categoryForm = /^[A-Za-z][\w.]*$/

interface Named {
  readonly stream: string
  readonly type: string
  readonly tags?: readonly string[]
}

/** Throws `reserved_name` for an event that only Indelible may append. */
export function refuseReserved({ stream, type, tags = [] }: Named): void {
  if (isReserved(stream)) throw reservedName('stream', stream)
  if (isReserved(type)) throw reservedName('event type', type)
  for (const tag of tags) if (isReserved(tag)) throw reservedName('tag', tag)
}

/** Throws `reserved_name`. */
export function refuseReservedCommandId(commandId: string | undefined): void {
  if (commandId !== undefined && isReserved(commandId)) throw reservedName('command id', commandId)
}

/**
 * Throws `invalid_event` if only one of stream and type is reserved. Queries rely on that: a query by stream, category or type finds a reserved event only
 * if it names it.
 */
export function checkReserved({ stream, type }: Named): void {
  if (isReserved(stream) === isReserved(type)) return
  throw new IndelibleError('invalid_event', `Event "${type}" for ${stream}: both names begin with "$", or neither.`, {
    details: { stream, type },
  })
}

function reservedName(what: string, name: string): IndelibleError {
  return new IndelibleError(
    'reserved_name',
    `The ${what} "${name}" begins with "$". Such names are reserved for Indelible. Choose another one.`,
    { details: { name } },
  )
}

// What is wrong with a node as it is written. Each of these throws `invalid_declaration`, with the place and what to write instead.
import { durationMs } from '../durations.ts'
import { IndelibleError } from '../errors.ts'
import { shown } from '../shown.ts'
import type { Otherwise, SagaSend } from './flow.ts'

export function checkedName(what: string, name: unknown): string {
  if (typeof name === 'string' && /^[A-Za-z]\w{0,59}$/.test(name)) return name
  throw invalid(`${what} is named ${shown(name)}: use letters, digits and "_", at most 60, and begin with a letter.`)
}

export function checkedSend(place: string, given: unknown): asserts given is SagaSend {
  const send = given as Partial<SagaSend> | undefined
  if (typeof send?.command?.type === 'string' && typeof send.to === 'function' && typeof send.input === 'function')
    return
  throw invalid(
    `${place} needs a declared command, and functions "to" and "input": { command: WithdrawFunds, to: (data) => data.from, input: (data) => ({ … }) }.`,
  )
}

export function checkedCompensation(place: string, given: unknown): void {
  if (given !== undefined && given !== 'nothing') checkedSend(`The compensation of ${uncapital(place)}`, given)
}

export function checkedFunctions(place: string, functions: Readonly<Record<string, unknown>>): void {
  for (const [name, given] of Object.entries(functions))
    if (typeof given !== 'function') throw invalid(`${place} needs a function "${name}".`)
}

export function checkedWait(
  place: string,
  { within, otherwise = 'compensate' }: { within: unknown; otherwise?: unknown },
) {
  if (within === undefined)
    throw invalid(`${place} does not say how long it waits: within: '30m', or within: 'forever'.`)
  if (within !== 'forever') checkedDuration(place, within)
  if (otherwise !== 'compensate' && otherwise !== 'continue')
    throw invalid(`${place} has ${shown(otherwise)} under "otherwise": write "compensate" or "continue".`)
  return { within: within as string, otherwise: otherwise as Otherwise }
}

export function checkedDuration(place: string, given: unknown): void {
  try {
    durationMs(given as string)
  } catch (error) {
    throw invalid(`${place}: ${(error as Error).message}`)
  }
}

export function invalid(message: string): IndelibleError {
  return new IndelibleError('invalid_declaration', message)
}

export function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1)
}

/** For the middle of a sentence. Names in the text stay as they are. */
export function uncapital(text: string): string {
  return text[0]!.toLowerCase() + text.slice(1)
}

// Sagas run a process over several aggregates: each step sends a command; when one is refused, the steps before it are undone in reverse order
// (Garcia-Molina and Salem, "Sagas", SIGMOD 1987, https://doi.org/10.1145/38713.38742).
import type { Command } from './aggregates.ts'
import { IndelibleError } from './errors.ts'
import type { EventType } from './event-types.ts'
import { durationDaysMax } from './limits.ts'

/** What a step may know besides the data of the event that started the saga. */
export interface SagaContext {
  /** The id of the stream whose event started the saga. */
  readonly sagaId: string
}

/** A step as it is declared. */
export interface Step<Data> {
  /** Keep the step, and its undo, as long as sagas are under way that have done it: one whose history names a step that is gone waits for help. */
  readonly name: string
  /**
   * The command of this step. Pure: it is asked again after a crash. Where it throws, or its command cannot be carried out (nobody declared it, its
   * input does not fit), that is a fault of the code and no refusal: the saga waits for help, and nothing is undone.
   */
  readonly send: (data: Data, context: SagaContext) => Command
  /** The command that takes the step back, if there is anything to take back. Where it fails, the same holds. */
  readonly undo?: (data: Data, context: SagaContext) => Command
  /**
   * How long the step may take before it counts as failed and the saga compensates, written like `'500ms'`, `'30s'`, `'1m'`, `'2h'` or `'7d'`.
   * Without it the step is tried for ever.
   */
  readonly timeout?: string
}

export interface Saga {
  readonly name: string
  /** The category of the stream that each instance keeps its history in. */
  readonly category: string
  readonly startsOn: string
  /** The schema version of that event that the steps are for. A saga that began on another waits for help. */
  readonly startsOnVersion: number
  // biome-ignore lint/suspicious/noExplicitAny: the data type was checked by saga(); the runner passes on what the start event holds
  readonly steps: readonly Step<any>[]
}

/** Declares a saga: the event that starts one, and its steps in order. Throws `invalid_declaration`. */
export function saga<Data>(
  name: string,
  {
    startsOn,
    steps,
  }: {
    // biome-ignore lint/suspicious/noExplicitAny: a saga starts on what was recorded, however it was made
    startsOn: EventType<string, Data, any>
    steps: readonly Step<NoInfer<Data>>[]
  },
): Saga {
  const names = new Set(steps.map((step) => step.name))
  if (steps.length === 0 || names.size < steps.length) {
    throw new IndelibleError('invalid_declaration', `Saga "${name}" needs steps, each with a name of its own.`)
  }
  for (const each of [name, ...names]) {
    if (nameForm.test(each)) continue
    throw new IndelibleError(
      'invalid_declaration',
      `"${each}" cannot name a saga or step: use letters, digits and "_", at most 60.`,
    )
  }
  for (const { timeout } of steps) if (timeout !== undefined) durationMs(timeout)
  return { name, category: `$saga.${name}`, startsOn: startsOn.type, startsOnVersion: startsOn.schemaVersion, steps }
}

const nameForm = /^[A-Za-z]\w{0,59}$/
const durationForm = /^(\d+)(ms|s|m|h|d)$/
const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Throws `invalid_declaration`. */
export function durationMs(text: string): number {
  const [, count, unit] = durationForm.exec(text) ?? []
  const ms = unit ? Number(count) * unitMs[unit as keyof typeof unitMs] : Number.NaN
  if (ms <= durationDaysMax * unitMs.d) return ms
  throw new IndelibleError(
    'invalid_declaration',
    `"${text}" is not a duration. Write 500ms, 30s, 1m, 2h or 7d, at most ${durationDaysMax}d.`,
  )
}

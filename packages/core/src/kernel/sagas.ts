// Sagas run a process over several aggregates. Each step sends a command. If one is refused, the steps before it are compensated in reverse order
// (Garcia-Molina and Salem, "Sagas", SIGMOD 1987, https://doi.org/10.1145/38713.38742).
import type { AnyCommandType, CommandType } from './commands.ts'
import { durationMs } from './durations.ts'
import { IndelibleError } from './errors.ts'
import type { AnyEventType, EventType } from './event-types.ts'
import { declaredVersion } from './versions.ts'

/** What a step gets besides the data of the event that started the saga. */
export interface SagaContext {
  /** The id of the stream whose event started the saga. */
  readonly sagaId: string
}

/** A command that a saga sends. */
export interface SagaCommand<Data, Input> {
  // biome-ignore lint/suspicious/noExplicitAny: whatever it refuses
  readonly command: CommandType<string, Input, any>
  /** The id of the aggregate. Pure: after a crash it is called again. */
  readonly to: (data: Data, context: SagaContext) => string
  /** Pure. */
  readonly input: (data: Data, context: SagaContext) => NoInfer<Input>
}

/** The declaration of a step. */
export interface StepDefinition<Data, Input, CompensationInput> extends SagaCommand<Data, Input> {
  /** The command that compensates the step, if it needs a compensation. */
  readonly compensate?: SagaCommand<Data, CompensationInput>
  /**
   * How long the step may take before it counts as failed and the saga compensates, written like `'500ms'`, `'30s'`, `'1m'`, `'2h'` or `'7d'`.
   * Without it, the step is tried without a time limit.
   */
  readonly timeout?: string
}

/** A step as data. */
export interface Step {
  readonly name: string
  readonly send: AnySagaCommand
  readonly compensate: AnySagaCommand | undefined
  readonly timeout: string | undefined
}

/** A command of a saga as the runtime sees it. */
export interface AnySagaCommand {
  readonly command: AnyCommandType
  readonly to: (data: unknown, context: SagaContext) => string
  readonly input: (data: unknown, context: SagaContext) => unknown
}

/** A declared saga. `Data` is the data of the event that starts it. */
export interface Saga<Data = unknown> {
  readonly name: string
  readonly version: number
  /** The category of the streams with the histories of these sagas. */
  readonly category: string
  readonly startsOn: AnyEventType
  readonly steps: readonly Step[]
  /**
   * Adds a step, which sends its command when the steps before it are done. Keep a step and its compensation in the code as long as there are open sagas
   * that have done it: a saga whose history names a missing step needs intervention. So does a saga whose step throws, or sends a command that cannot be
   * carried out: that is a fault of the code and not a refusal, and nothing is compensated. Throws `invalid_declaration`.
   */
  step<Input, CompensationInput = unknown>(
    name: string,
    definition: StepDefinition<Data, Input, CompensationInput>,
  ): Saga<Data>
}

// biome-ignore lint/suspicious/noExplicitAny: any saga, whatever starts it
export type AnySaga = Saga<any>

/** Declares a saga by the event that starts one: `saga('transfer', { startsOn: TransferRequested }).step(…)`. Throws `invalid_declaration`. */
export function saga<Data>(
  name: string,
  definition: {
    // biome-ignore lint/suspicious/noExplicitAny: a saga starts on what was recorded, however it was made
    readonly startsOn: EventType<string, Data, any>
    readonly version?: number
  },
): Saga<Data> {
  checkName(name)
  const version = declaredVersion(`Saga "${name}"`, definition.version)
  if (typeof definition.startsOn?.type !== 'string')
    throw new IndelibleError(
      'invalid_declaration',
      `Saga "${name}" needs the event that starts it: startsOn: TransferRequested.`,
    )
  return sagaOf({ name, version, category: `$saga.${name}`, startsOn: definition.startsOn, steps: [] })
}

function sagaOf<Data>(declared: Omit<Saga<Data>, 'step'>): Saga<Data> {
  return {
    ...declared,
    step(name, { compensate, timeout, ...send }) {
      checkName(name)
      const who = `Step "${name}" of saga "${declared.name}"`
      if (declared.steps.some((step) => step.name === name))
        throw new IndelibleError('invalid_declaration', `${who} is declared twice. Give each step its own name.`)
      if (timeout !== undefined) durationMs(timeout)
      assertCommand(who, send as AnySagaCommand)
      if (compensate) assertCommand(`The compensation of ${who.toLowerCase()}`, compensate as AnySagaCommand)
      const step = { name, send, compensate, timeout } as unknown as Step
      return sagaOf({ ...declared, steps: [...declared.steps, step] })
    },
  }
}

function assertCommand(who: string, { command, to, input }: AnySagaCommand): void {
  if (typeof command?.type === 'string' && typeof to === 'function' && typeof input === 'function') return
  throw new IndelibleError(
    'invalid_declaration',
    `${who} needs a declared command, and functions "to" and "input": { command: WithdrawFunds, to: (data) => data.from, input: (data) => ({ … }) }.`,
  )
}

function checkName(name: string): void {
  if (/^[A-Za-z]\w{0,59}$/.test(name)) return
  throw new IndelibleError(
    'invalid_declaration',
    `"${name}" cannot name a saga or step: use letters, digits and "_", at most 60.`,
  )
}

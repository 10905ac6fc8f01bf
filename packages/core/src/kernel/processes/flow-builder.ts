// How a flow is written: a chain of nodes, each typed by what the nodes before it answer.
import type { CommandType, Nothing } from '../commands.ts'
import { durationMs } from '../durations.ts'
import { IndelibleError } from '../errors.ts'
import type { AnyEventType, DataOf, RecordedOf } from '../event-types.ts'
import type { Refusal } from '../refusals.ts'
import { isSchema, type Schema } from '../schemas.ts'
import { shown } from '../shown.ts'
import type { Instant } from '../time.ts'
import type { AskNode, AwaitNode, FlowNode, Otherwise, Retry, SagaContext, SagaSend } from './flow.ts'

/** A command that a saga sends. All its functions are pure. */
export interface SagaCommand<Data, Answers, Item, Input> {
  // biome-ignore lint/suspicious/noExplicitAny: whatever it refuses and emits
  readonly command: CommandType<string, Input, any, any>
  /** The id of the aggregate that it is for. */
  readonly to: (data: Data, context: SagaContext<Answers, Item>) => string
  readonly input: (data: Data, context: SagaContext<Answers, Item>) => NoInfer<Input>
}

/** What is taken back: by a command, or by nothing, where there is nothing to take back. */
export type Compensation<Data, Answers, Item, Input> = SagaCommand<Data, Answers, Item, Input> | 'nothing'

/** The answers after a node: those before it, and its own under its name. */
type With<Answers, Name extends string, Answer> = Answers & { readonly [Key in Name]: Answer }

/** The refusals of a command by their reasons. */
type Refused<No, Reason> = Extract<No, { readonly refused: Reason }>
type ReasonOf<No> = No extends Refusal<infer Reason> ? Reason : never

/** The answers of the flows that a callback made. */
type AnswersOf<Made> = Made extends Flow<infer _Head, infer _Data, infer Answers, infer _Item> ? Answers : never

type Branches<Data, Answers, Item> = {
  // biome-ignore lint/suspicious/noExplicitAny: whatever it answers in the end
  readonly [name: string]: (flow: Flow<Nothing, Data, Answers, Item>) => Flow<Nothing, Data, any, Item>
}

type ByBranch<Made> = {
  readonly [Name in keyof Made]: Made[Name] extends (flow: never) => infer Built ? AnswersOf<Built> : never
}

/** The answer of a wait: nothing where it may go on without one. */
type Waited<Answer, Else> = Else extends 'continue' ? Answer | undefined : Answer

/**
 * A chain of nodes. `Head` is what the chain belongs to, `Data` what the saga began with, `Answers` what its nodes answered, `Item` the item of `each`.
 * Every method gives a chain with one more node, and throws `invalid_declaration`.
 */
export interface Flow<Head, Data, Answers, Item> {
  readonly nodes: readonly FlowNode[]

  /**
   * Sends a command. When it is refused, the saga takes back what was done before it, in reverse order. A command that cannot be carried out (its input
   * does not fit, nobody declared it) is a fault of the code and no refusal: nothing is compensated, and the saga waits until somebody mends the code.
   */
  step<
    const Name extends string,
    Input,
    No,
    Event,
    Undo = unknown,
    Answer = undefined,
    const Reason extends ReasonOf<NoInfer<No>> = never,
  >(
    name: Name,
    definition: {
      readonly command: CommandType<string, Input, No, Event>
      readonly to: (data: Data, context: SagaContext<Answers, Item>) => string
      readonly input: (data: Data, context: SagaContext<Answers, Item>) => NoInfer<Input>
      /** What later nodes find under the name of this step in `answers`, made from the events that the command recorded: JSON. */
      readonly answer?: (events: readonly Event[]) => Answer
      /** Refusals after which the saga goes on. Later nodes find the refusal in `answers`. */
      readonly continueOn?: readonly Reason[]
      /** What takes the step back. `nothing` says that there is nothing to take back. */
      readonly compensate?: Compensation<Data, With<Answers, Name, Answer>, Item, Undo>
      /**
       * How long the step may take before the saga compensates, written like `'500ms'`, `'30s'`, `'1m'`, `'2h'` or `'7d'`. The command is then made
       * impossible before anything is taken back. Without it the step is tried until it answers.
       */
      readonly timeout?: string
      /** The waits between tries after faults that may pass. 50 ms, growing to 5 s, when left out. */
      readonly retry?: Partial<Retry>
    },
  ): Head & Flow<Head, Data, With<Answers, Name, Answer | Refused<No, Reason>>, Item>

  /** Runs a flow for every item of a list. Under its name, `answers` has those of every item by its key. */
  each<const Name extends string, Element, Inner>(
    name: Name,
    definition: {
      readonly over: (data: Data, context: SagaContext<Answers, Item>) => readonly Element[]
      /** Tells one item from the others. */
      readonly key: (item: Element, index: number) => string
      /** How many items are under way at the same time. 10 when left out. */
      readonly atOnce?: number
      // biome-ignore lint/suspicious/noExplicitAny: the flow says what it answers
      readonly do: (flow: Flow<Nothing, Data, Answers, NoInfer<Element>>) => Flow<any, Data, Inner, any>
    },
  ): Head & Flow<Head, Data, With<Answers, Name, Readonly<Record<string, Inner>>>, Item>

  /** Runs several flows at the same time. When one fails, the others are waited for, and all are taken back. */
  parallel<const Name extends string, const Made extends Branches<Data, Answers, Item>>(
    name: Name,
    branches: Made,
  ): Head & Flow<Head, Data, With<Answers, Name, ByBranch<Made>>, Item>

  /** Runs the flow whose name `when` gives. */
  choose<const Name extends string, const Made extends Branches<Data, Answers, Item>>(
    name: Name,
    when: (data: Data, context: SagaContext<Answers, Item>) => keyof NoInfer<Made> & string,
    branches: Made,
  ): Head & Flow<Head, Data, With<Answers, Name, Partial<ByBranch<Made>>>, Item>

  /** Waits for an event that has happened since the saga began, whoever recorded it. `answers` has its data. */
  awaitEvent<const Name extends string, Event extends AnyEventType, const Else extends Otherwise = 'compensate'>(
    name: Name,
    event: Event,
    definition: {
      /** The id of the saga that an event is for. The id of the event's stream when left out. */
      readonly correlate?: (data: DataOf<Event>, event: RecordedOf<Event>) => string
      /** How long to wait: `'30m'`, or `'forever'`. */
      readonly within: string
      /** `compensate` when left out. */
      readonly otherwise?: Else
    },
  ): Head & Flow<Head, Data, With<Answers, Name, Waited<DataOf<Event>, Else>>, Item>

  /** Waits for a length of time, or until an instant. */
  sleep(
    name: string,
    definition:
      | { readonly for: string }
      | { readonly until: (data: Data, context: SagaContext<Answers, Item>) => Instant },
  ): Head & Flow<Head, Data, Answers, Item>

  /** Asks a person. The decision is recorded with who made it, and is what `answers` has. */
  ask<const Name extends string, Decision, const Else extends Otherwise = 'compensate'>(
    name: Name,
    definition: {
      readonly owner: (data: Data, context: SagaContext<Answers, Item>) => string
      readonly question: (data: Data, context: SagaContext<Answers, Item>) => string
      /** The schema of the decision. */
      // biome-ignore lint/suspicious/noExplicitAny: whatever it takes
      readonly decision: Schema<Decision, any>
      /** How long to wait: `'2d'`, or `'forever'`. */
      readonly within: string
      /** `compensate` when left out. */
      readonly otherwise?: Else
    },
  ): Head & Flow<Head, Data, With<Answers, Name, Waited<Decision, Else>>, Item>

  /** Starts another saga with data of its own, and waits for its end. Where that one compensates, so does this one. */
  child<Undo = unknown, ChildData = unknown>(
    name: string,
    definition: {
      readonly saga: { readonly name: string; readonly version: number; readonly '~data'?: ChildData }
      /** The id of the child. */
      readonly id: (data: Data, context: SagaContext<Answers, Item>) => string
      readonly data: (data: Data, context: SagaContext<Answers, Item>) => NoInfer<ChildData>
      /** What takes the completed child back. */
      readonly compensate?: Compensation<Data, Answers, Item, Undo>
    },
  ): Head & Flow<Head, Data, Answers, Item>
}

/** Throws `invalid_declaration` when a node is added that does not fit. */
// biome-ignore lint/suspicious/noExplicitAny: typed by those who declare
export function flowOf(who: string, head: object, nodes: readonly FlowNode[]): any {
  const plus = (node: FlowNode) => {
    checkedName(`A node of ${who.toLowerCase()}`, node.name)
    if (nodes.some(({ name }) => name === node.name))
      throw invalid(
        `${capital(placeOf(node.kind, node.name))} of ${who.toLowerCase()} is there twice. Each needs a name of its own.`,
      )
    return flowOf(who, head, [...nodes, node])
  }
  const at = (kind: string, name: string) => `${capital(placeOf(kind, name))} of ${who.toLowerCase()}`
  // biome-ignore lint/suspicious/noExplicitAny: typed by those who declare
  const inner = (made: any): readonly FlowNode[] => made(flowOf(who, {}, [])).nodes
  // biome-ignore lint/suspicious/noExplicitAny: typed by those who declare
  const branchesOf = (place: string, made: Record<string, any>) => {
    const entries = Object.entries(made ?? {})
    if (entries.length === 0) throw invalid(`${place} has no branches.`)
    for (const [branch] of entries) checkedName(`A branch of ${place.toLowerCase()}`, branch)
    return Object.fromEntries(entries.map(([branch, make]) => [branch, inner(make)]))
  }
  return {
    ...head,
    nodes,
    // biome-ignore lint/suspicious/noExplicitAny: typed by those who declare
    step(name: string, { compensate, timeout, answer, continueOn = [], retry, ...send }: any) {
      const place = at('step', name)
      checkedSend(place, send)
      checkedCompensation(place, compensate)
      const { first, max } = { ...retryDefault, ...retry }
      for (const given of [timeout ?? '1s', first, max]) checkedDuration(place, given)
      return plus({ kind: 'step', name, send, answer, continueOn, compensate, timeout, retry: { first, max } })
    },
    // biome-ignore lint/suspicious/noExplicitAny: typed by those who declare
    each(name: string, { over, key, atOnce = 10, do: make }: any) {
      const place = at('each', name)
      checkedFunctions(place, { over, key, do: make })
      if (!Number.isSafeInteger(atOnce) || atOnce < 1)
        throw invalid(`${place} runs ${shown(atOnce)} at once: give a whole number from 1 on.`)
      return plus({ kind: 'each', name, over, key, atOnce, nodes: inner(make) })
    },
    // biome-ignore lint/suspicious/noExplicitAny: typed by those who declare
    parallel: (name: string, made: any) =>
      plus({ kind: 'parallel', name, branches: branchesOf(at('parallel', name), made) }),
    // biome-ignore lint/suspicious/noExplicitAny: typed by those who declare
    choose(name: string, when: any, made: any) {
      const place = at('choose', name)
      checkedFunctions(place, { when })
      return plus({ kind: 'choose', name, when, branches: branchesOf(place, made) })
    },
    // biome-ignore lint/suspicious/noExplicitAny: typed by those who declare
    awaitEvent(name: string, event: AnyEventType, { correlate, within, otherwise }: any) {
      const place = at('await', name)
      if (typeof event?.type !== 'string') throw invalid(`${place} needs a declared event, such as OrderPaid.`)
      const node: AwaitNode = {
        kind: 'await',
        name,
        event,
        correlate: correlate ?? ((_data, { streamId }) => streamId),
        ...checkedWait(place, { within, otherwise }),
      }
      return plus(node)
    },
    // biome-ignore lint/suspicious/noExplicitAny: typed by those who declare
    sleep(name: string, { for: length, until }: any) {
      const place = at('sleep', name)
      if ((length === undefined) === (until === undefined)) throw invalid(`${place} needs either "for" or "until".`)
      if (length !== undefined) checkedDuration(place, length)
      else checkedFunctions(place, { until })
      return plus({ kind: 'sleep', name, for: length, until })
    },
    // biome-ignore lint/suspicious/noExplicitAny: typed by those who declare
    ask(name: string, { owner, question, decision, within, otherwise }: any) {
      const place = at('ask', name)
      checkedFunctions(place, { owner, question })
      if (!isSchema(decision)) throw invalid(`${place} needs a schema for the decision, such as z.object({ … }).`)
      const node: AskNode = {
        kind: 'ask',
        name,
        owner,
        question,
        decision,
        ...checkedWait(place, { within, otherwise }),
      }
      return plus(node)
    },
    // biome-ignore lint/suspicious/noExplicitAny: typed by those who declare
    child(name: string, { saga, id, data, compensate }: any) {
      const place = at('child', name)
      checkedFunctions(place, { id, data })
      checkedCompensation(place, compensate)
      if (typeof saga?.name !== 'string') throw invalid(`${place} needs a declared saga.`)
      return plus({ kind: 'child', name, saga: { name: saga.name, version: saga.version }, id, data, compensate })
    },
  }
}

const retryDefault: Retry = { first: '50ms', max: '5s' }

/** Throws `invalid_declaration`. */
export function checkedName(what: string, name: unknown): string {
  if (typeof name === 'string' && /^[A-Za-z]\w{0,59}$/.test(name)) return name
  throw invalid(`${what} is named ${shown(name)}: use letters, digits and "_", at most 60, and begin with a letter.`)
}

/** Throws `invalid_declaration`. */
export function checkedSend(place: string, given: unknown): asserts given is SagaSend {
  const send = given as Partial<SagaSend> | undefined
  if (typeof send?.command?.type === 'string' && typeof send.to === 'function' && typeof send.input === 'function')
    return
  throw invalid(
    `${place} needs a declared command, and functions "to" and "input": { command: WithdrawFunds, to: (data) => data.from, input: (data) => ({ … }) }.`,
  )
}

function checkedCompensation(place: string, given: unknown): void {
  if (given !== undefined && given !== 'nothing') checkedSend(`The compensation of ${place.toLowerCase()}`, given)
}

function checkedFunctions(place: string, functions: Readonly<Record<string, unknown>>): void {
  for (const [name, given] of Object.entries(functions))
    if (typeof given !== 'function') throw invalid(`${place} needs a function "${name}".`)
}

function checkedWait(place: string, { within, otherwise = 'compensate' }: { within: unknown; otherwise?: unknown }) {
  if (within === undefined)
    throw invalid(`${place} does not say how long it waits: within: '30m', or within: 'forever'.`)
  if (within !== 'forever') checkedDuration(place, within)
  if (otherwise !== 'compensate' && otherwise !== 'continue')
    throw invalid(`${place} has ${shown(otherwise)} under "otherwise": write "compensate" or "continue".`)
  return { within: within as string, otherwise: otherwise as Otherwise }
}

function checkedDuration(place: string, given: unknown): void {
  try {
    durationMs(given as string)
  } catch (error) {
    throw invalid(`${place}: ${(error as Error).message}`)
  }
}

function placeOf(kind: string, name: string): string {
  return kind === 'step' ? `step "${name}"` : `${kind} "${name}"`
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1)
}

function invalid(message: string): IndelibleError {
  return new IndelibleError('invalid_declaration', message)
}

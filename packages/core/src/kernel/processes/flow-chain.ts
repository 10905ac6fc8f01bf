// How a flow is written: a chain of nodes, each typed by what the nodes before it answer.
import type { CommandHome, CommandType, Nothing } from '../commands.ts'
import type { AnyEventType, DataOf, RecordedOf } from '../event-types.ts'
import type { Refusal } from '../refusals.ts'
import type { Schema } from '../schemas.ts'
import type { Instant } from '../time.ts'
import type { FlowNode, Otherwise, Retry, SagaContext } from './flow.ts'

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
      readonly command: CommandType<string, Input, No, CommandHome<Event>>
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
      /** The waits between tries after faults that may pass. 50 ms, growing to 5 s, when left out. Where several steps wait, the least patient says when. */
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
      readonly saga: {
        readonly name: string
        readonly version: number
        readonly data: Schema | undefined
        readonly '~data'?: ChildData
      }
      /** The id of the child. */
      readonly id: (data: Data, context: SagaContext<Answers, Item>) => string
      readonly data: (data: Data, context: SagaContext<Answers, Item>) => NoInfer<ChildData>
      /** What takes the completed child back. */
      readonly compensate?: Compensation<Data, Answers, Item, Undo>
    },
  ): Head & Flow<Head, Data, Answers, Item>
}

// What the type of a system says about its API. Nothing here exists at run time.
import type {
  AggregateKind,
  AnyCommandType,
  Columns,
  CommandHome,
  CommandType,
  EventMetadata,
  Projection,
  RecordedEvent,
  Refusal,
  System,
} from 'indelible'

/** What the type of a system carries. The compiler looks into the members only where they are used, because large systems have hundreds of them. */
export interface Declarations {
  readonly command: unknown
  readonly projection: unknown
  readonly saga: string
  readonly event: unknown
}

/** A system whose declarations the compiler knows: the type of what `defineSystem` returned. */
export type TypedSystem = System<Declarations>

type Declared<S extends TypedSystem> = NonNullable<S['~declared']>

type KindOf<Command> =
  // biome-ignore lint/suspicious/noExplicitAny: whatever it records
  Command extends { readonly '~home'?: CommandHome<any, infer Kind, any> } ? Extract<Kind, AggregateKind> : never
type Public<Command> =
  // biome-ignore lint/suspicious/noExplicitAny: whatever it records
  Command extends { readonly '~home'?: CommandHome<any, any, 'public'> } ? Command : never

/** The kinds of things of a system, by category. */
export type Kinds<S extends TypedSystem> = {
  [Kind in KindOf<Declared<S>['command']> as Kind['category']]: Kind
}

/** The commands that everybody may send, by category. */
export type Commands<S extends TypedSystem> = {
  [Command in Public<Declared<S>['command']> as KindOf<Command>['category']]: Command
}

/** The columns of the read tables, by name. */
export type Tables<S extends TypedSystem> = {
  [Table in Declared<S>['projection'] as NameOf<Table>]: Table extends Projection<infer C, string> ? C : Columns
}

type NameOf<Declared> = Declared extends { readonly name: infer Name extends string } ? Name : never

export type SagaNames<S extends TypedSystem> = Declared<S>['saga']

/** All events of the log, by type. */
export type Events<S extends TypedSystem> = {
  [Event in Declared<S>['event'] | KindOf<Declared<S>['command']>['event'] as TypeOf<Event>]: SeenEvent<Event>
}

/** The name of a command, or of an event. */
export type TypeOf<Declared> = Declared extends { readonly type: infer Type extends string } ? Type : never

/** One command of several, by its name. */
export type Named<Command, Type> = Extract<Command, { readonly type: Type }>

export type InputOf<Command> = Command extends (id: string, input: infer Input) => unknown ? Input : never

/** What may be sent to a kind of thing. */
export type CommandsOf<S extends TypedSystem, Category> = Category extends keyof Commands<S>
  ? Commands<S>[Category]
  : never

/**
 * An event as the server tells it. `data` is typed as the newest version of the type; an event whose `schemaVersion` is lower has the data that it was
 * recorded with.
 */
export interface EventSeen<Type = string, Data = unknown> {
  readonly position: number
  readonly stream: string
  readonly version: number
  readonly type: Type
  readonly schemaVersion: number
  readonly data: Data
  /** Only where it is not JSON. Then `data` is base64. */
  readonly contentType?: string
  readonly metadata: EventMetadata
  readonly tags: readonly string[]
  readonly recordedAt: string
  readonly validAt?: string
  readonly id: string
}

export type SeenEvent<Event> = Event extends RecordedEvent<infer Type, infer Data> ? EventSeen<Type, Data> : never

/** What a command came to. */
export type Outcome<Command = AnyCommandType> = Accepted | RefusedBy<Command> | Conflict

interface About {
  readonly commandId: string
  readonly stream: string
  readonly version: number
}

/** Its events, if any, are durable. */
export interface Accepted extends About {
  readonly status: 'accepted'
  /** A read that waits for this position shows the events. */
  readonly position: number
  /** Null if there was nothing to record. */
  readonly recordedAt: string | null
  /** True if an earlier command with this id had been carried out already. */
  readonly duplicate: boolean
}

/** The domain refused the command. Nothing was recorded. */
export interface Refused<Reason = string, Details = unknown> extends About {
  readonly status: 'refused'
  readonly reason: Reason
  readonly details: Details
}

/** The aggregate is not at the expected version, or others changed it at each try. Nothing was recorded. */
export interface Conflict extends About {
  readonly status: 'conflict'
}

type RefusedBy<Command> =
  // biome-ignore lint/suspicious/noExplicitAny: whatever it takes
  Command extends CommandType<any, any, infer No, any>
    ? No extends Refusal<infer Reason, infer Details>
      ? Refused<Reason, Details>
      : never
    : never

/** A value as JSON carries it. */
export type JsonOf<Value> = Value extends string | number | boolean | null | undefined
  ? Value
  : Value extends { toJSON(): infer Json }
    ? Json
    : // biome-ignore lint/suspicious/noExplicitAny: whatever they hold
      Value extends ReadonlyMap<any, any> | ReadonlySet<any>
      ? Record<string, never>
      : Value extends object
        ? { readonly [Member in keyof Value]: JsonOf<Value[Member]> }
        : unknown

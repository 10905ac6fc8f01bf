// The client of a system. Nothing is generated: the type of the declared system says what there is.
import type { AggregateKind, Columns } from 'indelible'
import { type AggregateClient, aggregateClient } from './aggregate.ts'
import { type FeedOptions, followed } from './feed.ts'
import { type SagaClient, sagaClient } from './saga.ts'
import { type TableClient, tableClient } from './table.ts'
import { type ClientOptions, Transport } from './transport.ts'
import type { CommandsOf, EventSeen, Events, Kinds, SagaNames, Tables, TypedSystem } from './types.ts'

export interface EventFeedOptions<Type> extends FeedOptions {
  /** Only events of these types. */
  readonly types?: readonly Type[]
  /** Only events of streams of these categories. */
  readonly categories?: readonly string[]
  /** Only events that have all of these tags. */
  readonly tags?: readonly string[]
  /** Events after this position: 0 for all. Without it, those that are recorded from now on. */
  readonly after?: number
  /** What `onProgress` said of the history up to there. */
  readonly history?: string
}

/** What became of a command. */
export type CommandSeen =
  | { readonly status: 'carriedOut'; readonly position: number; readonly events: readonly EventSeen[] }
  | { readonly status: 'claimed'; readonly position: number; readonly reason: string; readonly details: unknown }
  | { readonly status: 'unknown' }

/** The API of a system. */
export interface Client<S extends TypedSystem> {
  /** The last position that this client wrote; 0 before. Reads of tables wait for it by default. */
  readonly written: number
  /** One aggregate: `bank.aggregate('account', 'ann').send('DepositFunds', { amount: 500 })`. */
  aggregate<const Category extends keyof Kinds<S> & string>(
    category: Category,
    id: string,
  ): AggregateClient<Extract<Kinds<S>[Category], AggregateKind>, CommandsOf<S, Category>>
  /** One read table: `bank.table('account_balances').page({ where: { owner: 'Ann' } })`. */
  table<const Name extends keyof Tables<S> & string>(name: Name): TableClient<Extract<Tables<S>[Name], Columns>>
  /** One saga, by the id of the stream that started it. */
  saga(name: SagaNames<S>, id: string): SagaClient
  /** What became of a command, by its id. Throws `ClientError`. */
  command(commandId: string, options?: { readonly signal?: AbortSignal }): Promise<CommandSeen>
  /** Events of the whole log as they are recorded: `for await (const event of bank.events({ types: ['FundsDeposited'], after: 0 }))`. */
  events<const Type extends keyof Events<S> & string>(
    options?: EventFeedOptions<Type>,
  ): AsyncGenerator<Events<S>[Type], void>
}

/**
 * Makes the client of a system: `client<typeof bank>({ url: 'https://bank.example' })`, where `bank` is imported as a type only. Throws a `TypeError` if
 * `url` is not a URL.
 */
export function client<S extends TypedSystem = never>(options: ClientOptions): Client<S> {
  const transport = new Transport(options)
  let written = 0
  const made: Omit<Client<TypedSystem>, 'aggregate' | 'table' | 'events'> &
    Record<'aggregate' | 'table' | 'events', unknown> = {
    get written() {
      return written
    },
    aggregate: (category: string, id: string) =>
      aggregateClient(transport, { category, id }, ({ position }) => {
        written = Math.max(written, position)
      }),
    table: (name: string) => tableClient(transport, name, () => written),
    saga: (name, id) => sagaClient(transport, name, id),
    async command(commandId, { signal } = {}) {
      return (await transport.ask({ path: ['commands'], query: { commandId }, signal })).body as CommandSeen
    },
    async *events({ types, categories, tags, after, history, ...feed }: EventFeedOptions<string> = {}) {
      const query = { types, categories, tags, after, history }
      for await (const { kind, data } of followed(transport, { path: ['events'], query }, feed))
        if (kind === 'event') yield data
    },
  }
  return made as Client<S>
}

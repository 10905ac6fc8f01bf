// `@indelible/client`: a typed client of an Indelible system, for browsers and every runtime with `fetch`.
export type {
  AggregateClient,
  AggregateSeen,
  EventsOptions,
  FollowOptions,
  PointOptions,
  SendOptions,
} from './aggregate.ts'
export { type Client, type CommandSeen, client, type EventFeedOptions } from './client.ts'
export { type ClientCode, ClientError, clientCodes, isClientError } from './errors.ts'
export type { FeedOptions, Progress } from './feed.ts'
export type { DecisionOptions, SagaClient, SagaSeen, WaitOptions } from './saga.ts'
export type { ChangesOptions, PageOptions, RowChanged, RowsOptions, RowsPage, TableClient } from './table.ts'
export type { ClientOptions } from './transport.ts'
export type {
  Accepted,
  Conflict,
  EventSeen,
  JsonOf,
  Outcome,
  Refused,
  TypedSystem,
} from './types.ts'

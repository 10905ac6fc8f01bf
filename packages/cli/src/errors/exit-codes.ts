// What the process answers to a script: one number per kind of outcome. This table is the one place that says which.
import type { ErrorCode } from 'indelible'
import type { CliErrorCode } from './errors.ts'

export const exitCodes = {
  ok: 0,
  fault: 1,
  usage: 2,
  notFound: 3,
  damaged: 4,
  nodeTooOld: 5,
  differs: 6,
  interrupted: 130,
} as const

export type Outcome = keyof typeof exitCodes

/** The same in words, as `--help` prints them. */
export const exitMeanings: Readonly<Record<Outcome, string>> = {
  ok: 'done; for tail also when Ctrl-C ends it',
  fault: 'something failed: the disk, the permissions, the declarations',
  usage: 'not understood: an unknown option, a bad value, a broken config',
  notFound: 'there is no such log, stream, aggregate, point of history, projection or table',
  damaged: 'the log or its index is damaged; the message names file and byte',
  nodeTooOld: 'Node is older than 22.18',
  differs: 'a read table is not what the log makes, or was made from another history',
  interrupted: 'interrupted before it was done',
}

/** Which outcome an error is. A code that is not named here is a fault. */
export const outcomeOf: Readonly<Partial<Record<ErrorCode | CliErrorCode, Outcome>>> = {
  usage: 'usage',
  config_missing: 'usage',
  config_invalid: 'usage',
  unknown_category: 'usage',
  invalid_stream_name: 'usage',
  invalid_query: 'usage',
  invalid_position: 'usage',
  invalid_time: 'usage',
  store_missing: 'notFound',
  stream_missing: 'notFound',
  aggregate_missing: 'notFound',
  point_missing: 'notFound',
  unknown_projection: 'notFound',
  table_missing: 'notFound',
  log_corrupt: 'damaged',
  index_damaged: 'damaged',
  table_differs: 'differs',
  table_diverged: 'differs',
  tables_diverged: 'differs',
  interrupted: 'interrupted',
}

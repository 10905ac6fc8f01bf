// The exit codes of the process, one for each kind of outcome. This is the only place that defines them.
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
  findings: 7,
  interrupted: 130,
} as const

export type Outcome = keyof typeof exitCodes

/** The meaning of each exit code, as `--help` prints it. */
export const exitMeanings: Readonly<Record<Outcome, string>> = {
  ok: 'success; for tail also when Ctrl-C ends it',
  fault: 'a failure: the disk, the permissions, the declarations',
  usage: 'wrong usage: an unknown option, a wrong value, a broken config',
  notFound:
    'the log, stream, aggregate, point of history, event type, projection, table, saga, schedule or key does not exist',
  damaged: 'the log, its index or a bundle of evidence is damaged; the message names the file',
  nodeTooOld: 'Node is older than 22.18',
  differs:
    'the log is not the one that was signed; a bundle of evidence is not right; a decision would be made differently; documents are not those of the declaration; a copy differs from its log; or a read table does, or was built from another history',
  findings: 'a review or a check of the schemas has findings that the config does not accept',
  interrupted: 'interrupted',
}

/** The outcome of each error. A code that is not listed here is a fault. */
export const outcomeOf: Readonly<Partial<Record<ErrorCode | CliErrorCode, Outcome>>> = {
  usage: 'usage',
  config_missing: 'usage',
  config_invalid: 'usage',
  board_invalid: 'usage',
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
  unknown_consumer: 'notFound',
  unknown_saga: 'notFound',
  unknown_event_type: 'notFound',
  schema_file_missing: 'notFound',
  schema_file_invalid: 'usage',
  schemas_incompatible: 'findings',
  saga_missing: 'notFound',
  schedule_missing: 'notFound',
  key_missing: 'notFound',
  table_missing: 'notFound',
  copy_mismatch: 'usage',
  copy_differs: 'differs',
  log_corrupt: 'damaged',
  index_damaged: 'damaged',
  proof_invalid: 'usage',
  proofs_missing: 'notFound',
  proofs_damaged: 'damaged',
  bundle_unreadable: 'damaged',
  evidence_invalid: 'differs',
  tree_diverged: 'differs',
  decisions_differ: 'differs',
  documents_differ: 'differs',
  table_differs: 'differs',
  table_diverged: 'differs',
  tables_diverged: 'differs',
  review_findings: 'findings',
  interrupted: 'interrupted',
}

// The one list of operations. A transport needs nothing else.
import { aggregateState } from './aggregate-state.ts'
import { auditTrail, causation } from './audit.ts'
import { claimCommand, findCommand } from './command-ids.ts'
import { listConsumers, pauseConsumer, resumeConsumer, showConsumer } from './consumers.ts'
import { eventSchema, listEventTypes, showEventType } from './event-types.ts'
import { followEvents, followStream } from './follow-events.ts'
import { followHealth } from './follow-health.ts'
import { followRows } from './follow-rows.ts'
import { followSaga } from './follow-saga.ts'
import { health } from './health.ts'
import { issueKey, listKeys, revokeKey } from './keys.ts'
import { listSagas, sagaHistory } from './list-sagas.ts'
import { dropPastTable, keepPastTable } from './past-tables.ts'
import {
  dropPreviousTable,
  listProjections,
  rebuildProjection,
  showProjection,
  verifyProjection,
} from './projections.ts'
import { latestCheckpoint, proveConsistency, proveEvent, rotateProofKey } from './proofs.ts'
import { proveStream } from './prove-stream.ts'
import { readFeed } from './read-feed.ts'
import { readStream } from './read-stream.ts'
import { replayRecorded, whatIfPast } from './replays.ts'
import { cancelSaga, decideSaga, resumeSaga, showSaga } from './sagas.ts'
import { cancelSchedule, listSchedules, scheduleCommand, showSchedule } from './schedules.ts'
import { selectRows } from './select-rows.ts'
import { sendCommand } from './send-command.ts'
import { createTenant, listTenants } from './tenants.ts'
import { aggregateHistory, blameAggregate, blameRow, diffAggregate, diffTable, rowHistory } from './time-travel.ts'

/** Everything that may be asked of a running system, by name. */
export const operations = {
  sendCommand,
  findCommand,
  claimCommand,
  aggregateState,
  diffAggregate,
  aggregateHistory,
  blameAggregate,
  replayDecisions: replayRecorded,
  whatIf: whatIfPast,
  auditTrail,
  causation,
  readStream,
  readFeed,
  followEvents,
  followStream,
  listEventTypes,
  showEventType,
  eventSchema,
  selectRows,
  followRows,
  diffTable,
  rowHistory,
  blameRow,
  listProjections,
  showProjection,
  rebuildProjection,
  verifyProjection,
  dropPreviousTable,
  keepPastTable,
  dropPastTable,
  listSagas,
  showSaga,
  sagaHistory,
  followSaga,
  resumeSaga,
  cancelSaga,
  decideSaga,
  scheduleCommand,
  listSchedules,
  showSchedule,
  cancelSchedule,
  listConsumers,
  showConsumer,
  pauseConsumer,
  resumeConsumer,
  proveEvent,
  proveStream,
  proveConsistency,
  latestCheckpoint,
  rotateProofKey,
  issueKey,
  listKeys,
  revokeKey,
  createTenant,
  listTenants,
  health,
  followHealth,
} as const

/** The name of an operation. */
export type OperationName = keyof typeof operations

// All routes: each carries one operation. Nothing here decides anything about the system.
import { type Operation, type OperationName, operations } from 'indelible/operations'
import { json, positionHeader } from './answers.ts'
import { commandAnswer, commandAnswers, refusalProblems } from './command-answers.ts'
import { type HttpMap, type Place, placesOf, versionInQuotes } from './http-map.ts'

type ResultOf<Name extends OperationName> = Awaited<ReturnType<(typeof operations)[Name]['run']>>

const schemaType = 'application/schema+json'
const atPosition = { [positionHeader]: ({ position }: { readonly position: number }) => String(position) }
const atHead = {
  [positionHeader]: ({ head }: { readonly head: { readonly position: number } }) => String(head.position),
}

/** Browsers send this header when they come again. */
const resumable = { headers: { lastEventId: 'Last-Event-ID' } }

/** How HTTP carries each operation. */
export const httpMaps: { readonly [Name in OperationName]: HttpMap<ResultOf<Name>> } = {
  sendCommand: {
    method: 'POST',
    path: '/commands/{category}/{id}/{command}',
    body: 'input',
    headers: {
      commandId: 'Idempotency-Key',
      correlationId: 'X-Correlation-Id',
      validAt: 'X-Valid-At',
      expectedVersion: versionInQuotes,
    },
    answer: commandAnswer,
    answers: commandAnswers,
    definitions: refusalProblems,
    problems: [409, 412, 413, 415],
  },
  findCommand: { method: 'GET', path: '/commands' },
  claimCommand: { method: 'POST', path: '/claims', body: 'details', problems: [413, 415] },
  aggregateState: {
    method: 'GET',
    path: '/aggregates/{category}/{id}',
    answerHeaders: {
      ...atPosition,
      // For If-Match, which compares the current version.
      ETag: ({ asOf, version }) => (asOf === null ? `"${version}"` : undefined),
    },
  },
  diffAggregate: { method: 'GET', path: '/aggregates/{category}/{id}/diff' },
  aggregateHistory: { method: 'GET', path: '/aggregates/{category}/{id}/history' },
  blameAggregate: { method: 'GET', path: '/aggregates/{category}/{id}/blame' },
  replayDecisions: { method: 'GET', path: '/decisions' },
  whatIf: { method: 'POST', path: '/what-if', body: 'past', problems: [413, 415] },
  auditTrail: { method: 'GET', path: '/audit' },
  causation: { method: 'GET', path: '/causation' },
  readStream: { method: 'GET', path: '/streams/{stream}' },
  followStream: { method: 'GET', path: '/streams/{stream}', ...resumable },
  followEvents: { method: 'GET', path: '/events', ...resumable },
  readFeed: { method: 'GET', path: '/feed', endsWithServer: true, answerHeaders: atPosition },
  listEventTypes: { method: 'GET', path: '/event-types' },
  showEventType: { method: 'GET', path: '/event-types/{type}' },
  eventSchema: {
    method: 'GET',
    path: '/event-types/{type}/schema',
    answer: (schema) => json(schema, { contentType: schemaType }),
    answers: ({ result }) => ({ 200: { ...result, contentType: schemaType } }),
  },
  selectRows: {
    method: 'GET',
    path: '/tables/{name}',
    byKey: { where: ['in', 'notIn'] },
    aliases: {
      waitFor: {
        name: 'X-Wait-For',
        description: 'The same as waitFor, for clients that set headers more easily than URLs. Give one of them.',
      },
    },
    answerHeaders: atPosition,
  },
  followRows: { method: 'GET', path: '/tables/{name}/changes', byKey: { where: ['in', 'notIn'] }, ...resumable },
  diffTable: { method: 'GET', path: '/tables/{name}/diff' },
  rowHistory: { method: 'GET', path: '/tables/{name}/history', byKey: { key: [] } },
  blameRow: { method: 'GET', path: '/tables/{name}/blame', byKey: { key: [] } },
  listProjections: { method: 'GET', path: '/projections', answerHeaders: atHead },
  showProjection: { method: 'GET', path: '/projections/{name}', answerHeaders: atPosition },
  rebuildProjection: { method: 'POST', path: '/projections/{name}/rebuild', answerHeaders: atPosition },
  verifyProjection: { method: 'POST', path: '/projections/{name}/verify', answerHeaders: atPosition },
  keepPastTable: { method: 'POST', path: '/projections/{name}/past' },
  dropPastTable: { method: 'POST', path: '/projections/{name}/drop-past' },
  dropPreviousTable: { method: 'POST', path: '/projections/{name}/drop-previous' },
  listSagas: { method: 'GET', path: '/sagas' },
  showSaga: { method: 'GET', path: '/sagas/{name}/{id}' },
  sagaHistory: { method: 'GET', path: '/sagas/{name}/{id}/history' },
  followSaga: { method: 'GET', path: '/sagas/{name}/{id}/changes', ...resumable },
  resumeSaga: { method: 'POST', path: '/sagas/{name}/{id}/resume' },
  cancelSaga: { method: 'POST', path: '/sagas/{name}/{id}/cancel' },
  decideSaga: {
    method: 'POST',
    path: '/sagas/{name}/{id}/decide',
    body: 'decision',
    problems: [413, 415],
  },
  scheduleCommand: {
    method: 'POST',
    path: '/commands/{category}/{id}/{command}/schedule',
    body: 'input',
    headers: { scheduleId: 'Idempotency-Key', correlationId: 'X-Correlation-Id' },
    problems: [413, 415],
  },
  listSchedules: { method: 'GET', path: '/schedules' },
  showSchedule: { method: 'GET', path: '/schedules/{scheduleId}' },
  cancelSchedule: { method: 'POST', path: '/schedules/{scheduleId}/cancel' },
  listConsumers: { method: 'GET', path: '/consumers', answerHeaders: atHead },
  showConsumer: { method: 'GET', path: '/consumers/{name}', answerHeaders: atPosition },
  pauseConsumer: { method: 'POST', path: '/consumers/{name}/pause' },
  resumeConsumer: { method: 'POST', path: '/consumers/{name}/resume' },
  proveEvent: { method: 'GET', path: '/proofs/events/{position}', answerHeaders: atPosition },
  proveStream: { method: 'GET', path: '/proofs/streams/{stream}' },
  proveConsistency: { method: 'GET', path: '/proofs/consistency' },
  latestCheckpoint: { method: 'GET', path: '/proofs/checkpoint' },
  rotateProofKey: { method: 'POST', path: '/proofs/rotate-key' },
  issueKey: { method: 'POST', path: '/keys', body: 'principal', problems: [413, 415] },
  listKeys: { method: 'GET', path: '/keys' },
  revokeKey: { method: 'POST', path: '/keys/{keyId}/revoke' },
  createTenant: { method: 'POST', path: '/tenants/{tenant}' },
  listTenants: { method: 'GET', path: '/tenants' },
  followHealth: { method: 'GET', path: '/health/changes' },
  health: {
    method: 'GET',
    path: '/health',
    answerHeaders: atHead,
    // A load balancer does not have to read the body.
    status: ({ status }) => (status === 'ok' ? 200 : 503),
    otherStatuses: { 503: 'The store cannot write, or a consumer is parked, retrying or diverged.' },
  },
}

/** An operation with its map. */
export interface OperationRoute {
  readonly operation: Operation
  readonly map: HttpMap
  readonly places: readonly Place[]
}

/** The route of an operation. */
export function routeOf(name: OperationName): OperationRoute {
  const [operation, map] = [operations[name] as Operation, httpMaps[name] as HttpMap]
  return { operation, map, places: placesOf(operation, map) }
}

export const operationRoutes: readonly OperationRoute[] = (Object.keys(operations) as OperationName[]).map(routeOf)

// What each notice of a running system and its server means to its operator. Facts are chosen: rows and differences are data of the domain, and stay out of logs.
import type { NoticeOfTenants } from 'indelible'
import { hidden } from './escaped.ts'
import type { ServerNotice } from './notices.ts'

export type Level = 'info' | 'warn' | 'error'

interface Meaning {
  readonly level: Level
  readonly message: string
}

const meanings: Readonly<Record<(NoticeOfTenants | ServerNotice)['kind'], Meaning>> = {
  stale: { level: 'warn', message: 'A read table is older than its target.' },
  fresh: { level: 'info', message: 'A read table is within its target again.' },
  parked: { level: 'error', message: 'A projection is parked at an event that its code cannot handle.' },
  diverged: { level: 'warn', message: 'A read table was made from another history, and is rebuilt.' },
  'version not raised': {
    level: 'warn',
    message: 'The code makes something else under the same version. Raise the version.',
  },
  overtaken: { level: 'warn', message: 'Another version of the code has built a read table.' },
  rebuilding: { level: 'info', message: 'A read table is being rebuilt.' },
  rebuilt: { level: 'info', message: 'A read table was rebuilt.' },
  'thread ended': { level: 'error', message: 'A thread ended, and another one is started.' },
  'no snapshot': { level: 'warn', message: 'An aggregate gets no snapshots: it is folded from all of its events.' },
  'not repeatable': { level: 'warn', message: 'A command came to something else when it was decided again.' },
  'reaction parked': { level: 'error', message: 'A policy, reaction or subscription is parked at an event.' },
  'audit delayed': { level: 'warn', message: 'Records of the audit trail cannot be appended now.' },
  'audit lost': { level: 'error', message: 'Records of the audit trail were lost.' },
  'event invalid': { level: 'warn', message: 'An event does not fit its schema.' },
  'identity refused': { level: 'warn', message: 'A request was refused, because nobody knows who it is from.' },
  'identity unavailable': { level: 'error', message: 'Who a request is from cannot be checked now.' },
  'identity provider unreachable': { level: 'error', message: 'The keys of a provider of tokens cannot be read.' },
  'tls missing': { level: 'warn', message: 'Others reach this server, and it has no TLS.' },
  'certificate loaded': { level: 'info', message: 'The certificate was read again.' },
  'certificate kept': {
    level: 'error',
    message: 'The new files of TLS do not work, so the certificate before is kept.',
  },
  'tenant failed': { level: 'error', message: 'A tenant could not be opened for its own work, or not be closed.' },
  closing: {
    level: 'info',
    message: 'The server closes: requests under way are finished first. The same signal again ends at once.',
  },
  closed: { level: 'info', message: 'The server is closed.' },
  'registry failed': { level: 'warn', message: 'The event types could not be registered in the log.' },
}

export function meaningOf({ kind }: NoticeOfTenants | ServerNotice): Meaning {
  return meanings[kind]
}

const told = [
  'tenant',
  'name',
  'type',
  'stream',
  'position',
  'eventId',
  'head',
  'lagMs',
  'targetMs',
  'because',
  'rows',
  'ms',
  'records',
  'code',
  'identity',
  'method',
  'path',
  'remoteAddress',
  'untold',
  'issuer',
  'validTo',
] as const

/** The facts that may stand in a log. */
export function factsOf(notice: NoticeOfTenants | ServerNotice): Readonly<Record<string, unknown>> {
  const { error, event, ...own } = notice as { readonly error?: object; readonly event?: object }
  return { ...chosen(own), ...(error ? { error: chosen(error) } : {}), ...(event ? { event: chosen(event) } : {}) }
}

function chosen(all: object): Readonly<Record<string, unknown>> {
  const given = all as Readonly<Record<string, unknown>>
  const facts = told.flatMap((name) => (isPlain(given[name]) ? [[name, given[name]] as const] : []))
  const why = given.reason ?? given.message
  return { ...Object.fromEntries(facts), ...(typeof why === 'string' ? { reason: hidden(why) } : {}) }
}

function isPlain(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && value !== '')
}

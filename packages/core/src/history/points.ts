// Points of history: what may be asked for, and which events belong to one.
import { IndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import { type Position, position, type Version, version } from '../kernel/positions.ts'
import { shown } from '../kernel/shown.ts'
import { epochMs, upTo, type ValidTime } from '../kernel/time.ts'
import type { EventStore } from '../store/port.ts'

/** What was known: what was in the log at a position, or at a time. */
export type Known = { readonly position: Position } | { readonly recordedAt: ValidTime }

/**
 * A point of the whole log. `recordedAt`: what was known at that time. `validAt`: what was true at that time, by what is known now. Both: what was known then
 * about that time. A date-time is a point: what happened at it is in. A day is all of it (UTC): what happened before the next day begins is in.
 */
export type PointOfLog = Known | { readonly validAt: ValidTime } | (Known & { readonly validAt: ValidTime })

/** A point of the log, or a version of an aggregate: the state after so many of its events. */
export type AsOf = PointOfLog | { readonly version: Version }

/** Which events belong to a point. */
export interface Reach {
  readonly version: Version | undefined
  /** The last position. */
  readonly to: Position | undefined
  /** Undefined if all events up to there do. */
  readonly isValid: ((event: RecordedEvent) => boolean) | undefined
}

/** Throws `invalid_time`, `invalid_position`. */
export async function reachOf(store: Pick<EventStore, 'positionAt'>, asOf: AsOf | undefined): Promise<Reach> {
  const point = checkedPoint(asOf ?? {})
  const { validAt } = point
  const isValid = validAt === undefined ? undefined : validUpTo(validAt)
  const to = point.recordedAt === undefined ? point.position : await store.positionAt(point.recordedAt)
  return { version: point.version, to, isValid }
}

/** Whether something was true up to a time. Where nobody said when, it was true from when it was recorded. */
export function validUpTo(time: ValidTime): (event: RecordedEvent) => boolean {
  const isIn = upTo(time)
  return ({ validAt, recordedAt }) => isIn(validAt ?? recordedAt)
}

/** All members that a point may have. */
export interface PointMembers {
  readonly version?: Version | undefined
  readonly position?: Position | undefined
  readonly recordedAt?: ValidTime | undefined
  readonly validAt?: ValidTime | undefined
}

/** Throws `invalid_time`, `invalid_position`, also for members that do not go together. */
export function checkedPoint(point: PointMembers): PointMembers {
  const given = Object.entries(point).filter(([, value]) => value !== undefined)
  const names = given.map(([name]) => name)
  const known = names.filter((name) => name !== 'validAt')
  if (known.length > 1 || (names.includes('version') && names.length > 1)) {
    const message = `A point of history is a version, or a position or recordedAt, the two last with or without validAt, not ${names.join(' and ')}.`
    throw new IndelibleError('invalid_position', message)
  }
  if (point.version !== undefined) version(point.version)
  if (point.position !== undefined) position(point.position)
  for (const time of [point.recordedAt, point.validAt]) if (time !== undefined) epochMs(time)
  return Object.fromEntries(given)
}

const members = { version: 'version', position: 'position', recorded: 'recordedAt', valid: 'validAt' } as const

/** The point of a text: `version:3`, `position:120`, `recorded:2026-01-31`, `valid:2026-01-31`, `recorded:2026-02-15,valid:2026-01-31`. Throws `invalid_position`, `invalid_time`. */
export function pointOfText(text: string): AsOf {
  const point: Record<string, unknown> = {}
  for (const part of text.split(',')) {
    const [, name = '', value = ''] = /^(\w+):(.+)$/.exec(part) ?? []
    const member = Object.hasOwn(members, name) ? members[name as keyof typeof members] : undefined
    if (member === undefined || member in point) {
      const forms =
        'version:3, position:120, recorded:2026-01-31, valid:2026-01-31, or recorded:2026-02-15,valid:2026-01-31'
      throw new IndelibleError('invalid_position', `${shown(text)} is no point of history. Write ${forms}.`)
    }
    const isNumber = member === 'version' || member === 'position'
    point[member] = isNumber && /^\d{1,16}$/.test(value) ? Number(value) : value
  }
  return checkedPoint(point) as AsOf
}

export function textOfPoint(asOf: AsOf): string {
  const point = asOf as Record<string, unknown>
  const parts = Object.entries(members).filter(([, member]) => point[member] !== undefined)
  return parts.map(([name, member]) => `${name}:${point[member]}`).join(',')
}

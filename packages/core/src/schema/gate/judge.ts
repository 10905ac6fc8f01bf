// Whether code may take over a log: can it read what was recorded, and can the code before it read what it will record?

import { schemaProblems } from '../compatibility/compare.ts'
import type { SideNames } from '../compatibility/pair.ts'
import { type SchemaRule, schemaRules } from '../compatibility/problems.ts'
import { isUndescribed } from '../json-schema.ts'
import { type EventContract, type KnownContract, readableForms } from './contracts.ts'

/** `backward`: new code reads old events. `forward`: old code reads new events, as while a deployment rolls on, or after it was rolled back. `full`: both. */
export const compatibilityModes = ['backward', 'forward', 'full'] as const

export type CompatibilityMode = (typeof compatibilityModes)[number]

/** What may be wrong with a type as a whole. Inside its data the rules are those of schemas. */
export const contractRules = {
  type_removed: 'The code does not declare a type that was recorded.',
  type_new: 'Code that does not know the type yet meets its events.',
  type_unknown: 'The log has events of a type that nobody registered and the code does not declare.',
  version_removed: 'The code cannot read a version that was recorded.',
  version_new: 'Code that does not know the version yet meets its events.',
  tags_changed: 'Events that were recorded have other tags than new ones.',
  personal_removed: 'A member is not marked as personal any more.',
  schema_undescribed: 'The library of the schema gives no JSON Schema of it, so that nothing was compared.',
  ...schemaRules,
} as const

export type ContractRule = SchemaRule | keyof typeof contractRules

/** A finding that was accepted, with the reason. Give as much as names it. */
export interface AcceptedFinding {
  readonly type: string
  readonly rule: ContractRule
  /** As the finding has it. All of this rule in the type when left out. */
  readonly path?: string
  readonly reason: string
}

export interface ContractFinding {
  readonly type: string
  readonly version: number | null
  readonly rule: ContractRule
  /** The member of the data; empty for all of it. */
  readonly path: string
  readonly direction: 'backward' | 'forward'
  readonly severity: 'breaking' | 'cannot tell' | 'warning'
  readonly message: string
  /** What to do. */
  readonly advice: string
  /** Why it was accepted; null where it was not. */
  readonly accepted: string | null
}

export interface Judged {
  readonly known: readonly KnownContract[]
  readonly declared: readonly EventContract[]
  readonly mode?: CompatibilityMode
  readonly accepted?: readonly AcceptedFinding[]
}

/** All findings, by type. Those that are breaking, or that cannot be told, and were not accepted, refuse the code. */
export function judgeContracts({
  known,
  declared,
  mode = 'backward',
  accepted = [],
}: Judged): readonly ContractFinding[] {
  const backward = mode === 'forward' ? [] : known.flatMap((each) => backwardFindings(each, declared))
  const forward = mode === 'backward' ? [] : declared.flatMap((each) => forwardFindings(each, known))
  return [...backward, ...forward]
    .map((finding) => ({ ...finding, accepted: reasonFor(finding, accepted) }))
    .sort((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0))
}

export function isRefusing({ severity, accepted }: ContractFinding): boolean {
  return severity !== 'warning' && accepted === null
}

/** Acceptances that nothing needs any more. */
export function unusedAcceptances(
  findings: readonly ContractFinding[],
  accepted: readonly AcceptedFinding[],
): readonly AcceptedFinding[] {
  return accepted.filter((each) => !findings.some((finding) => isMeant(each, finding)))
}

type Found = Omit<ContractFinding, 'accepted'>

const reading: SideNames = { writer: 'Old events', reader: 'the new schema' }
const readByOld: SideNames = { writer: 'New events', reader: 'the old schema' }

function backwardFindings(known: KnownContract, declared: readonly EventContract[]): readonly Found[] {
  const { type, count } = known
  const forms = readableForms(declared).filter((form) => form.type === type)
  const event = declared.find((each) => each.type === type)
  if (forms.length === 0) {
    if (count === 0) return []
    const isRegistered = known.versions.length > 0
    const has =
      count === undefined ? 'It was declared, so a log may have events of it' : `The log has ${count} of its events`
    const message = isRegistered
      ? `The code does not declare "${type}" any more. ${has}.`
      : `The code does not declare "${type}", and nobody registered it. ${has}.`
    return [
      {
        type,
        version: null,
        rule: isRegistered ? 'type_removed' : 'type_unknown',
        path: '',
        direction: 'backward',
        severity: 'breaking',
        message,
        advice: 'Keep its declaration, also where nothing emits it any more; or declare which type its events are now.',
      },
    ]
  }
  return [
    ...eachOnce(known.versions.flatMap((each) => versionFindings(known, each, forms, event))),
    ...markFindings(known, event),
  ]
}

/** Several schemas of one version may have the same problem. */
function eachOnce(findings: readonly Found[]): readonly Found[] {
  return [
    ...new Map(
      findings.map((each) => [JSON.stringify([each.version, each.path, each.rule, each.message]), each]),
    ).values(),
  ]
}

function versionFindings(
  { type, version: newest }: KnownContract,
  { version, schema }: KnownContract['versions'][number],
  forms: ReturnType<typeof readableForms>,
  event: EventContract | undefined,
): readonly Found[] {
  const form = forms.find((each) => each.version === version)
  const at = { type, version, direction: 'backward' } as const
  if (!form) {
    const known = forms.map((each) => each.version).sort((a, b) => a - b)
    const isAhead = version > Math.max(...known)
    const message = `Version ${version} was recorded, and the code knows ${known.length === 1 ? 'only version' : 'versions'} ${known.join(', ')}.`
    const advice = isAhead
      ? 'Newer code was here: use that code, or go on from it.'
      : `Declare again how version ${version} becomes the next one.`
    return [{ ...at, rule: 'version_removed', path: '', severity: 'breaking', message, advice }]
  }
  if (isUndescribed(form.schema)) return [undescribedFinding(at)]
  return schemaProblems({ writer: schema, reader: form.schema, names: reading }).map(({ certainty, ...problem }) => ({
    ...at,
    ...problem,
    severity: certainty,
    advice: adviceFor(version, { isNewest: version === newest && event?.version === version, certainty }),
  }))
}

function undescribedFinding(at: Pick<Found, 'type' | 'version' | 'direction'>): Found {
  return {
    ...at,
    rule: 'schema_undescribed',
    path: '',
    severity: 'warning',
    message: 'The library of the schema gives no JSON Schema of it, so that nothing was compared.',
    advice: 'Ask the events themselves: schema check --replay. Or use a schema that can be described.',
  }
}

function adviceFor(version: number, { isNewest, certainty }: { isNewest: boolean; certainty: string }): string {
  if (!isNewest) return `Leave the schema of version ${version} as it was: the events of that version do not change.`
  const todo = `Raise the version to ${version + 1}, keep this schema as version ${version}, and add an upcast from it.`
  return certainty === 'breaking'
    ? todo
    : `${todo} Or, if all events fit, accept this with a reason; schema check --replay tells.`
}

/** What does not refuse old events, and may still surprise. */
function markFindings(known: KnownContract, event: EventContract | undefined): readonly Found[] {
  if (!event || known.versions.length === 0) return []
  const { type } = known
  const at = { type, version: event.version, direction: 'backward', severity: 'warning' } as const
  const tags = [...new Set([...Object.keys(known.tags), ...Object.keys(event.tags)])].filter(
    (tag) => known.tags[tag] !== event.tags[tag],
  )
  const unmarked = known.personal.filter((path) => !event.personal.includes(path))
  return [
    ...tags.map(
      (tag): Found => ({
        ...at,
        rule: 'tags_changed',
        path: event.tags[tag] ?? known.tags[tag] ?? '',
        message: `The tag "${tag}" ${tagText(known.tags[tag], event.tags[tag])}. Events that were recorded keep the tags that they have.`,
        advice: 'Queries by the new tag do not find older events. Ask for both, or keep the tag.',
      }),
    ),
    ...unmarked.map(
      (path): Found => ({
        ...at,
        rule: 'personal_removed',
        path,
        message: `"${path}" is not marked as personal any more. Older events still have it.`,
        advice: 'Keep the mark as long as the log may have it.',
      }),
    ),
  ]
}

function tagText(before: string | undefined, now: string | undefined): string {
  if (before === undefined) return `is new, with the value of "${now}"`
  return now === undefined ? 'was removed' : `had the value of "${before}" and now has that of "${now}"`
}

function forwardFindings(event: EventContract, known: readonly KnownContract[]): readonly Found[] {
  const { type, version, schema } = event
  const before = known.find((each) => each.type === type)
  const at = { type, version, path: '', direction: 'forward' } as const
  if (!before) {
    const message = `"${type}" is new. Code before it does not know its events.`
    const advice =
      'An aggregate of the old code that meets one in its stream fails. Deploy code that knows the type first, and emit it later.'
    return [{ ...at, rule: 'type_new', severity: 'warning', message, advice }]
  }
  if (before.versions.length === 0) return []
  const old = before.versions.findLast((each) => each.version === version)
  if (!old) {
    const message = `Version ${version} is new, and code before it reads up to version ${before.version}.`
    const advice =
      'Old code refuses events of a version that it does not know. Stop it before the new code records events.'
    return [{ ...at, rule: 'version_new', severity: 'breaking', message, advice }]
  }
  if (isUndescribed(old.schema)) return [undescribedFinding(at)]
  return schemaProblems({ writer: schema, reader: old.schema, names: readByOld }).map(({ certainty, ...problem }) => ({
    ...at,
    ...problem,
    severity: certainty,
    advice:
      'Let old code take such events first, in a deployment of its own; or stop it before the new code records events.',
  }))
}

function reasonFor(finding: Found, accepted: readonly AcceptedFinding[]): string | null {
  return accepted.find((each) => isMeant(each, finding))?.reason ?? null
}

function isMeant({ type, rule, path }: AcceptedFinding, finding: Found): boolean {
  return type === finding.type && rule === finding.rule && (path === undefined || path === finding.path)
}

// An event type, for people: what it is, who it concerns, what the log has of it, its versions, its schema.
import type { EventTypeInLog } from 'indelible/operations'
import type { VersionCount } from 'indelible/schema'
import { escapeControls, formatCount, type Output, table } from '../output/index.ts'

export function shownText(shown: EventTypeInLog, out: Output): string {
  const { type, status, version, description, owners, personal, declared, differences, versions, system } = shown
  const title = out.paint('bold', escapeControls(version === null ? type : `${type}, version ${version}`))
  const facts: [string, string][] = [
    ...(description === null ? [] : [['', description] as [string, string]]),
    ['Status', statusText(status, differences)],
    ...(system === null ? [] : [['System', system] as [string, string]]),
    ['Events', seenText(shown)],
    ...(declared
      ? ([
          ['Owner', owners.join(', ') || 'no aggregate'],
          ['Emitted by', declared.emittedBy.map(({ category, type }) => `${category}: ${type}`).join(', ') || 'nobody'],
          ['Handled by', declared.handledBy.map(({ kind, name }) => `${kind} ${name}`).join(', ') || 'nobody'],
          [
            'Tags',
            Object.entries(declared.tags)
              .map(([tag, member]) => `${tag} = ${member}`)
              .join(', ') || 'none',
          ],
          ['Personal', personal.join(', ') || 'nothing'],
        ] as [string, string][])
      : []),
  ]
  const counts = new Map(shown.counted?.counts.map((each) => [each.version, each]))
  const unregistered = [...counts.keys()].filter((each) => !versions.some(({ version }) => version === each))
  const rows = [
    ...versions.map(({ version, registeredAt }) => [
      `version ${version}`,
      registeredAt === null ? 'not registered' : `registered ${registeredAt}`,
      countText(shown, counts.get(version)),
    ]),
    ...unregistered.map((each) => [`version ${each}`, 'unknown', countText(shown, counts.get(each))]),
  ]
  const newest = versions.at(-1)
  return [
    title,
    ...table(
      facts.map((row) => row.map(escapeControls)),
      () => false,
    ),
    ...(rows.length > 0 ? ['', out.paint('bold', 'Versions'), ...table(rows, () => false)] : []),
    ...(newest
      ? ['', out.paint('bold', `JSON Schema of version ${newest.version}`), JSON.stringify(newest.schema, null, 2)]
      : []),
    '',
  ].join('\n')
}

export function statusText(status: EventTypeInLog['status'], differences: readonly string[] = []): string {
  if (status !== 'changed') return statusTexts[status]
  return `${statusTexts.changed}: ${differences.join(', ')}`
}

const statusTexts: Readonly<Record<EventTypeInLog['status'], string>> = {
  registered: 'registered',
  changed: 'the code differs from the registry',
  new: 'declared, not registered yet',
  former: 'seen as another type by the code',
  retired: 'registered, the code does not declare it',
  unknown: 'nobody registered it',
}

function seenText({ count, first, last }: EventTypeInLog): string {
  if (!first || !last) return 'none'
  return `${formatCount(count, 'event')}, from ${first.recordedAt} (position ${first.position}) to ${last.recordedAt} (position ${last.position})`
}

function countText({ counted }: EventTypeInLog, of: VersionCount | undefined): string {
  if (!counted) return ''
  if (!of) return counted.isComplete ? 'no events' : ''
  const events = `${counted.isComplete ? '' : 'at least '}${formatCount(of.count, 'event')}`
  return `${events}, from ${of.first.recordedAt} to ${of.last.recordedAt}`
}

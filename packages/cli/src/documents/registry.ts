// The Event Schema Registry: every event type, its payload, who emits it, who listens, and its older versions.
import { allFields, type Field, fieldsOf, linkOfLane, listenersTo, titleOfLane } from 'indelible/schema'
import { type Block, code, heading, joined, list, type Page, paragraph, table } from './blocks.ts'
import { counted, hasPersonal, laneOfEvent, linkTo, type Source } from './source.ts'

type Event = Source['system']['events'][number]

export function registryPage(source: Source): Page {
  const { system, board } = source
  const lanes = board.lanes.filter(({ events }) => events.length > 0)
  const byType = new Map(system.events.map((event) => [event.type, event]))
  return {
    name: 'registry',
    title: 'Event Schema Registry',
    about: `${counted(system.events.length, 'event type')} of ${system.name}: what each means, what it contains, who emits it and who listens.`,
    blocks: [
      heading(2, 'Glossary'),
      ...table(
        ['Event', 'What it means', 'Of', 'Version', 'Personal data'],
        system.events.map((event) => {
          const lane = laneOfEvent(source, event.type)!
          return [
            [{ link: `event/${event.type}`, text: event.type }],
            event.description ?? '—',
            [{ link: linkOfLane(lane), text: lane.name }],
            String(event.version),
            hasPersonal(event) ? 'yes' : 'no',
          ]
        }),
      ),
      ...lanes.flatMap((lane) => [
        heading(2, titleOfLane(lane)),
        ...paragraph(lane.description),
        ...lane.events.flatMap(({ name }) => eventBlocks(byType.get(name)!, source)),
      ]),
    ],
  }
}

function eventBlocks(event: Event, source: Source): readonly Block[] {
  const { type, version, description, schema, personal, tags } = event
  const lane = laneOfEvent(source, type)!
  const emitters = source.board.lanes.flatMap(({ commands }) => commands.filter(({ emits }) => emits.includes(type)))
  const tagTexts = Object.entries(tags).map(([tag, member]) => ({ code: tag === member ? tag : `${tag} = ${member}` }))
  return [
    heading(3, type, { id: `event/${type}`, ...(hasPersonal(event) && { mark: 'personal data' }) }),
    ...paragraph(description),
    ...list([
      [{ strong: 'Recorded by: ' }, { link: linkOfLane(lane), text: titleOfLane(lane) }],
      [
        { strong: 'Emitted by: ' },
        ...joined(
          emitters.map(({ name }) => ({ link: `command/${name}`, text: name })),
          'no command here',
        ),
      ],
      [
        { strong: 'Heard by: ' },
        ...joined(listenersTo(source.board, type).map(linkTo), 'nobody besides its aggregate'),
      ],
      ...(tagTexts.length > 0 ? [[{ strong: 'Found by the tags: ' }, ...joined(tagTexts)]] : []),
      [{ strong: 'Version: ' }, `${version} (`, { file: schemaFile(source, type, version), text: 'JSON Schema' }, ')'],
    ]),
    ...fieldsTable(fieldsOf(schema, personal)),
    ...olderVersions(event, source),
    ...formerTypes(event),
    ...samples(type, source),
  ]
}

export function fieldsTable(fields: readonly Field[]): readonly Block[] {
  const all = allFields(fields)
  const hasPersonalData = all.some(({ isPersonal }) => isPersonal)
  if (all.length === 0) return paragraph('It has no data.')
  return table(
    ['Field', 'Type', 'Required', ...(hasPersonalData ? ['Personal'] : []), 'What it is'],
    all.map(({ path, type, isRequired, isNullable, isPersonal, constraints, description }) => [
      [{ code: path || 'value' }],
      isNullable ? `${type} or null` : type,
      isRequired ? 'yes' : 'no',
      ...(hasPersonalData ? [isPersonal ? 'yes' : 'no'] : []),
      [description ?? '', constraints.join(', ')].filter((each) => each !== '').join('; ') || '—',
    ]),
  )
}

function olderVersions({ type, version, schema, olderVersions }: Event, source: Source): readonly Block[] {
  if (olderVersions.length === 0) return []
  const all = [...olderVersions, { version, schema }]
  return [
    heading(4, `Older versions of ${type}`),
    ...paragraph(
      'The log may have them. They are never rewritten: readers get them in the newest form, through upcasters.',
    ),
    ...table(
      ['Version', 'What it had', 'What changed after it'],
      olderVersions.map((older, index) => [
        [{ file: schemaFile(source, type, older.version), text: `version ${older.version}` }],
        joined(fieldsOf(older.schema).map(({ name, type }) => `${name}: ${type}`)),
        changes(fieldsOf(older.schema), fieldsOf(all[index + 1]!.schema)),
      ]),
    ),
  ]
}

function formerTypes({ type, formerTypes }: Event): readonly Block[] {
  if (formerTypes.length === 0) return []
  return [
    heading(4, `Former types of ${type}`),
    ...paragraph(
      'The log may have events of these types. They are never rewritten: readers get them as they are seen now.',
    ),
    ...table(
      ['Type', 'Versions', 'What it had', 'Seen as'],
      formerTypes.map((former) => [
        [{ code: former.type }],
        former.versions.map(({ version }) => version).join(', '),
        joined(fieldsOf(former.versions.at(-1)!.schema).map(({ name, type }) => `${name}: ${type}`)),
        joined(former.seenAs.map((each) => ({ link: `event/${each}`, text: each }))),
      ]),
    ),
  ]
}

function changes(before: readonly Field[], after: readonly Field[]): string {
  const [old, now] = [before, after].map((fields) => new Map(allFields(fields).map((field) => [field.path, field])))
  const added = [...now!.keys()].filter((path) => !old!.has(path)).map((path) => `new: ${path}`)
  const removed = [...old!.keys()].filter((path) => !now!.has(path)).map((path) => `gone: ${path}`)
  const changed = [...now!.values()]
    .filter(({ path, type, isRequired }) => {
      const was = old!.get(path)
      return was && (was.type !== type || was.isRequired !== isRequired)
    })
    .map(({ path }) => `different: ${path}`)
  return [...added, ...removed, ...changed].join('; ') || 'its meaning, not its fields'
}

function samples(type: string, { samples }: Source): readonly Block[] {
  const found = samples.byType.get(type)
  if (!found) return []
  const both = found.oldest.position === found.newest.position ? [found.newest] : [found.oldest, found.newest]
  return [
    heading(4, `${type} in the log`),
    ...both.flatMap(({ position, stream, recordedAt, data }, index) => [
      ...paragraph([
        both.length === 1 ? 'The only one, ' : index === 0 ? 'The oldest, ' : 'The newest, ',
        { code: stream },
        ` at position ${position}, recorded ${recordedAt.slice(0, 10)}:`,
      ]),
      code('json', JSON.stringify(data, undefined, 2)),
    ]),
  ]
}

export function schemaFile({ eventFiles }: Source, type: string, version: number): string {
  return `schemas/${eventFiles.get(type)}.v${version}.json`
}

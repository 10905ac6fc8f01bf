// The system as files of EventCatalog (https://www.eventcatalog.dev/docs): a domain, its services, and their events and commands, as MDX with front matter.
import { linkOfLane, listenersTo, markdownText, sendersOf, titleOfLane } from 'indelible/schema'
import { allCommands } from './commands.ts'
import { type Files, jsonText } from './formats.ts'
import { fileNames } from './names.ts'
import type { Source } from './source.ts'

interface Resource {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly summary: string | null
  /** Lists of other resources. */
  readonly lists?: Readonly<Record<string, readonly { readonly id: string; readonly version?: string }[]>>
  readonly schemaPath?: string
}

export function eventCatalog(source: Source): Files {
  const { system, board, eventFiles } = source
  const commands = allCommands(source)
  const commandFiles = fileNames(commands.map(source.nameOf))
  const versions = new Map(system.events.map(({ type, version }) => [type, versionText(version)]))
  const eventRefs = (types: readonly string[]) =>
    types.map((type) => ({ id: eventFiles.get(type)!, version: versions.get(type) ?? '1.0.0' }))
  const commandRefs = (names: readonly string[]) =>
    names.map((name) => ({ id: commandFiles.get(name)!, version: '1.0.0' }))
  const services = [
    ...board.lanes.map((lane) => ({
      key: linkOfLane(lane),
      name: titleOfLane(lane),
      summary: lane.description,
      sends: eventRefs(lane.events.map(({ name }) => name)),
      receives: commandRefs(lane.commands.map(({ name }) => name)),
    })),
    ...[
      ...board.sagas.map(({ name, description }) => ({ kind: 'saga', name, description }) as const),
      ...board.policies.map(({ name, description }) => ({ kind: 'policy', name, description }) as const),
    ].map(({ kind, name, description }) => ({
      key: `${kind}/${name}`,
      name: `${kind} ${name}`,
      summary: description,
      sends: commandRefs(
        [...commandFiles.keys()].filter((command) =>
          sendersOf(board, command).some((each) => each.kind === kind && each.name === name),
        ),
      ),
      receives: eventRefs(heardBy(kind, name, source)),
    })),
    ...[
      ...board.readModels.map(({ name, description }) => ({ kind: 'projection', name, description }) as const),
      ...board.reactions.map(({ name, description }) => ({ kind: 'reaction', name, description }) as const),
    ].map(({ kind, name, description }) => ({
      key: `${kind}/${name}`,
      name: `${kind} ${name}`,
      summary: description,
      sends: [],
      receives: eventRefs(heardBy(kind, name, source)),
    })),
  ]
  const serviceFiles = fileNames(services.map(({ key }) => key))
  const domain = fileNames([system.name]).get(system.name)!
  const files = [
    page('domains', {
      id: domain,
      name: system.name,
      version: '1.0.0',
      summary: system.description,
      lists: { services: services.map(({ key }) => ({ id: serviceFiles.get(key)! })) },
    }),
    ...services.map(({ key, name, summary, sends, receives }) =>
      page('services', { id: serviceFiles.get(key)!, name, version: '1.0.0', summary, lists: { sends, receives } }),
    ),
    ...system.events.flatMap((event) => {
      const id = eventFiles.get(event.type)!
      const of = (version: number) => ({
        id,
        name: event.type,
        version: versionText(version),
        summary: event.description,
        schemaPath: 'schema.json',
      })
      return [
        ...withSchema('events', of(event.version), event.schema),
        ...event.olderVersions.flatMap(({ version, schema }) =>
          withSchema('events', of(version), schema, `versioned/${versionText(version)}/`),
        ),
      ]
    }),
    ...commands.flatMap((command) =>
      withSchema(
        'commands',
        {
          id: commandFiles.get(source.nameOf(command))!,
          name: source.nameOf(command),
          version: '1.0.0',
          summary: command.description,
          schemaPath: 'schema.json',
        },
        command.input,
      ),
    ),
  ]
  return new Map(files)
}

function heardBy(kind: string, name: string, { system, board }: Source): readonly string[] {
  return system.events
    .map(({ type }) => type)
    .filter((type) => listenersTo(board, type).some((each) => each.kind === kind && each.name === name))
}

function withSchema(
  folder: string,
  resource: Resource,
  schema: object,
  inside = '',
): readonly (readonly [string, string])[] {
  return [
    page(folder, resource, inside),
    [`eventcatalog/${folder}/${resource.id}/${inside}schema.json`, jsonText(schema)],
  ]
}

/** Text in quotes as JSON writes it is YAML too. */
function page(
  folder: string,
  { id, name, version, summary, lists = {}, schemaPath }: Resource,
  inside = '',
): readonly [string, string] {
  const lines = [
    '---',
    `id: ${JSON.stringify(id)}`,
    `name: ${JSON.stringify(name)}`,
    `version: ${version}`,
    ...(summary === null ? [] : [`summary: ${JSON.stringify(summary)}`]),
    ...(schemaPath === undefined ? [] : [`schemaPath: ${schemaPath}`]),
    ...Object.entries(lists).flatMap(([list, of]) =>
      of.length === 0
        ? []
        : [
            `${list}:`,
            ...of.flatMap((each) => [
              `  - id: ${JSON.stringify(each.id)}`,
              ...(each.version ? [`    version: ${each.version}`] : []),
            ]),
          ],
    ),
    '---',
    '',
    ...(summary === null ? [] : [mdxText(summary), '']),
    '<NodeGraph />',
    '',
    ...(schemaPath === undefined ? [] : [`<SchemaViewer file="${schemaPath}" />`, '']),
  ]
  return [`eventcatalog/${folder}/${id}/${inside}index.mdx`, lines.join('\n')]
}

/** In MDX, braces have a meaning too. */
function mdxText(text: string): string {
  return markdownText(text).replaceAll(/[{}]/g, '\\$&')
}

function versionText(version: number): string {
  return `${version}.0.0`
}

// JSON Schema files, CloudEvents and Mermaid sources.
import { flowOverview, laneFlow, mermaidOf, sagaDiagram } from 'indelible/schema'
import { exampleOf } from './example.ts'
import { schemaFile } from './registry.ts'
import type { Source } from './source.ts'

export type Files = ReadonlyMap<string, string>

/** One for each version of each event type. */
export function schemaFiles(source: Source): Files {
  return new Map(
    source.system.events.flatMap((event) =>
      [...event.olderVersions, event].map(({ version, schema }) => {
        const file = schemaFile(source, event.type, version)
        const { $schema, ...rest } = schema
        const described = {
          $schema: $schema ?? 'https://json-schema.org/draft/2020-12/schema',
          title: `${event.type}, version ${version}`,
          ...(event.description !== null && { description: event.description }),
          ...rest,
        }
        return [file, jsonText(described)] as const
      }),
    ),
  )
}

/** A sample of each type as CloudEvents 1.0: the newest in the log, or a made one. */
export function cloudEvents(source: Source): unknown {
  const { system, samples } = source
  return system.events.map((event) => {
    const sample = samples.byType.get(event.type)?.newest
    return {
      specversion: '1.0',
      id: sample?.id ?? '01890000-0000-7000-8000-000000000001',
      source: `/${encodeURIComponent(system.name)}`,
      type: event.type,
      subject: sample?.stream ?? `${laneOf(source, event.type)}-1`,
      time: sample?.recordedAt ?? '2026-01-31T12:00:00Z',
      datacontenttype: 'application/json',
      dataschema: schemaFile(source, event.type, event.version),
      sequence: String(sample?.position ?? 1).padStart(16, '0'),
      data: sample ? sample.data : exampleOf(event.schema),
    }
  })
}

function laneOf({ board }: Source, type: string): string {
  return board.lanes.find(({ events }) => events.some(({ name }) => name === type))?.name ?? 'stream'
}

export function mermaidFiles({ system, board, pictureFiles }: Source): Files {
  return new Map([
    ['mermaid/flow.mmd', mermaidOf(flowOverview(board))],
    ...board.lanes.map(
      (lane) =>
        [`mermaid/${pictureFiles.get(`${lane.kind}-${lane.name}`)}.mmd`, mermaidOf(laneFlow(board, lane))] as const,
    ),
    ...system.sagas.map(
      (saga) => [`mermaid/${pictureFiles.get(`saga-${saga.name}`)}.mmd`, mermaidOf(sagaDiagram(saga, system))] as const,
    ),
  ])
}

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

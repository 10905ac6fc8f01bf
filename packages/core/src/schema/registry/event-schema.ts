// The JSON Schema of the data of an event type as a document of its own.
import { IndelibleError } from '../../kernel/errors.ts'
import type { JsonSchema } from '../json-schema.ts'
import type { EventTypeShown } from './known-types.ts'

/** The newest version when none is given. Throws `unknown_event_type` where there is no such version. */
export function eventSchemaOf({ type, system, description, versions }: EventTypeShown, version?: number): JsonSchema {
  const found = version === undefined ? versions.at(-1) : versions.find((each) => each.version === version)
  if (!found) {
    const known = versions.map((each) => each.version).join(', ')
    const problem =
      versions.length === 0 ? 'Nobody registered its schema' : `Its versions are ${known}, and not ${version}`
    throw new IndelibleError('unknown_event_type', `There is no such schema of "${type}". ${problem}.`, {
      details: { type, version },
    })
  }
  const { $schema = 'https://json-schema.org/draft/2020-12/schema', ...schema } = found.schema
  const parts = ['event', system ?? '', type, String(found.version)].map(encodeURIComponent)
  const title = `${type}, version ${found.version}`
  return {
    $schema,
    $id: `urn:indelible:${parts.join(':')}`,
    title,
    ...(description === null ? {} : { description }),
    ...schema,
  }
}

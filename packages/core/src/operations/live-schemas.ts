// The messages of live feeds as JSON Schema, and the parameters that all feeds have which can be resumed.
import type { JsonSchema } from '../schema/json-schema.ts'
import { objectOf } from './json-schemas.ts'
import { text, wholeNumber } from './parameters.ts'

export const resumption = {
  history: text({
    description:
      'What the feed said of the history up to "after" (in "caught-up" and "progress"). So a log that was restored from an older copy is noticed.',
  }),
  lastEventId: wholeNumber({
    description:
      'The position of the last message that arrived before the connection was lost. The feed goes on after it, whatever "after" says.',
  }),
}

/** One message: its kind and its data. Every feed may end with `end`. */
export function messageSchema(kinds: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const all = { ...kinds, end: endSchema }
  return {
    anyOf: Object.entries(all).map(([kind, data]) => ({
      type: 'object',
      required: ['kind', 'data'],
      properties: { kind: { const: kind }, position: { type: 'integer' }, data },
    })),
  }
}

const reached = objectOf({ position: { type: 'integer' }, history: { type: 'string' } })

/** What feeds say of how far they are. */
export const reachedSchemas: Readonly<Record<string, JsonSchema>> = {
  'caught-up': { description: 'Everything up to here was told. What follows is new.', ...reached },
  progress: { description: 'Everything up to here was looked at, and nothing of it concerns this feed.', ...reached },
}

const endSchema: JsonSchema = {
  description: 'The feed ends. The reader may come again, and misses nothing.',
  type: 'object',
  required: ['reason'],
  properties: {
    reason: { enum: ['closing', 'slow', 'failed'] },
    error: { description: 'Why it failed.', ...objectOf({ code: { type: 'string' }, message: { type: 'string' } }) },
  },
}

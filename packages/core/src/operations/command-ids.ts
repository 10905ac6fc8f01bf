// What a command id stands for, and making sure that no command with it is carried out any more.
import type { EventMetadata } from '../kernel/events.ts'
import type { ClaimOutcome, CommandFound } from '../runtime/commands/command-ids.ts'
import type { By } from '../runtime/consumers/by.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { objectOf, ref } from './json-schemas.ts'
import { recordedTextBytesMax } from './limits.ts'
import { operation } from './operation.ts'
import { anyJson, required, text } from './parameters.ts'

const commandId = required(text({ bytesMax: recordedTextBytesMax, description: 'The command id.' }))

export const claimCommand = operation({
  name: 'claimCommand',
  effect: 'changes',
  needs: () => ({ verb: 'claim' }),
  parameters: {
    commandId,
    reason: required(text({ bytesMax: recordedTextBytesMax, description: 'Why. The log records it.' })),
    details: required(anyJson({ description: 'More about the reason: any JSON. The log records it.' })),
  },
  refusals: ['reserved_name', 'store_full'],
  describe: () => [
    {
      group: 'system',
      summary: 'Claim a command id: no command with it is carried out any more',
      description:
        'For a caller that sent a command, got no answer and wants to do something else instead. The log records who claimed the id and why. The same claim again has the same outcome.',
      result: {
        description: 'claimed, for the reason that was given first; or carriedOut, if the command was faster.',
        schema: {
          anyOf: [claimedSchema, objectOf({ status: { const: 'carriedOut' }, position: { type: 'integer' } })],
        },
      },
    },
  ],
  run: (running, { commandId, reason, details }, { by }): Promise<ClaimOutcome> =>
    running.claimCommand({ commandId, reason, details }, by),
})

export const findCommand = operation({
  name: 'findCommand',
  effect: 'reads',
  needs: () => ({ verb: 'any' }),
  parameters: { commandId },
  describe: () => [
    {
      group: 'system',
      summary: 'What became of the command with an id',
      result: {
        description:
          'carriedOut, with the events that it recorded; claimed; or unknown, if nothing was recorded with this id.',
        schema: { anyOf: [carriedOutSchema, claimedSchema, objectOf({ status: { const: 'unknown' } })] },
      },
    },
  ],
  async run(running, { commandId }, { principal, by, sees }): Promise<CommandFound> {
    const found = await running.findCommand(commandId)
    // Why is for those who claim.
    const mayClaim = () => running.access.explain(principal, { verb: 'claim' }).isAllowed
    if (found.status === 'claimed' && !mayClaim()) return { ...found, reason: 'not shown', details: null }
    if (found.status !== 'carriedOut' || found.events.every(({ metadata }) => isBy(metadata, by))) return found
    return { ...found, events: sees.events(found.events) }
  },
})

/** Whoever sent a command may see what it recorded. */
function isBy({ actor }: EventMetadata, by: By): boolean {
  return actor !== undefined && actor === by.actor
}

const carriedOutSchema: JsonSchema = objectOf({
  status: { const: 'carriedOut' },
  position: { type: 'integer', description: 'Of its last event.' },
  events: { type: 'array', items: ref('RecordedEvent') },
})

const claimedSchema: JsonSchema = objectOf({
  status: { const: 'claimed' },
  reason: { type: 'string' },
  details: {},
  position: { type: 'integer', description: 'Of the claim.' },
})

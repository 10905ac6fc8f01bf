// Proofs that events are in the log, and that the log only grew.
import { eventJson } from '../kernel/events.ts'
import { base64 } from '../kernel/text.ts'
import type { TreeHead } from '../proofs/checkpoints.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { objectOf, ref } from './json-schemas.ts'
import { operation } from './operation.ts'
import { required, wholeNumber } from './parameters.ts'

/** A proof, and the event that it is about. */
export interface EventProved {
  readonly position: number
  readonly event: Readonly<Record<string, unknown>>
  /** A text that can be checked offline (https://c2sp.org/tlog-proof). */
  readonly proof: string
}

/** The root is base64. */
export interface TreeShown {
  readonly size: number
  readonly root: string
}

export interface ConsistencyProved {
  readonly from: TreeShown
  readonly to: TreeShown
  /** Hashes in base64. */
  readonly proof: readonly string[]
  /** The signed note of the second tree, if that is the last checkpoint. */
  readonly checkpoint: string | null
}

export interface CheckpointShown {
  readonly checkpoint: string
  readonly cosigned: string | null
  readonly keys: readonly string[]
}

export const proveEvent = operation({
  name: 'proveEvent',
  effect: 'reads',
  needs: () => ({ verb: 'audit' }),
  parameters: { position: required(wholeNumber({ description: 'The position of the event.', min: 1 })) },
  refusals: ['invalid_position', 'proofs_missing', 'proofs_damaged', 'tree_diverged'],
  describe: () => [
    {
      group: 'proofs',
      summary: 'Prove that an event is in the log',
      result: {
        description: 'The event, and a proof that leads from it to the last checkpoint.',
        schema: objectOf({
          position: { type: 'integer' },
          event: ref('RecordedEvent'),
          proof: { type: 'string', description: 'A text that can be checked offline (https://c2sp.org/tlog-proof).' },
        }),
      },
    },
  ],
  async run({ proofs }, { position }): Promise<EventProved> {
    const { event, proof } = await proofs.event(position)
    return { position, event: eventJson(event), proof }
  },
})

export const proveConsistency = operation({
  name: 'proveConsistency',
  effect: 'reads',
  needs: () => ({ verb: 'audit' }),
  parameters: {
    from: required(wholeNumber({ description: 'The number of events of the earlier log.' })),
    to: wholeNumber({ description: 'The number of events of the later log; that of the last checkpoint by default.' }),
  },
  refusals: ['invalid_position', 'proofs_missing', 'proofs_damaged'],
  describe: () => [
    {
      group: 'proofs',
      summary: 'Prove that an earlier log is the beginning of a later one',
      result: {
        description: 'Both trees, and the proof (RFC 6962, section 2.1.2).',
        schema: objectOf({
          from: treeSchema,
          to: treeSchema,
          proof: { type: 'array', items: { type: 'string' }, description: 'Hashes in base64.' },
          checkpoint: { type: ['string', 'null'], description: 'Of the later log, if that is the last checkpoint.' },
        }),
      },
    },
  ],
  async run({ proofs }, sizes): Promise<ConsistencyProved> {
    const { from, to, proof, checkpoint = null } = await proofs.consistency(sizes)
    return { from: shownTree(from), to: shownTree(to), proof: proof.map(base64), checkpoint }
  },
})

export const latestCheckpoint = operation({
  name: 'latestCheckpoint',
  effect: 'reads',
  needs: () => ({ verb: 'audit' }),
  parameters: {},
  refusals: ['proofs_missing'],
  describe: () => [
    {
      group: 'proofs',
      summary: 'The last signed checkpoint of the log',
      description: 'Keep it outside: whoever has it can find out later whether the log was changed or cut short.',
      result: {
        description: 'The checkpoint, and the public keys to check it with.',
        schema: objectOf({
          checkpoint: { type: 'string', description: 'A signed note (https://c2sp.org/tlog-checkpoint).' },
          cosigned: {
            type: ['string', 'null'],
            description: 'The newest one that a witness has signed too.',
          },
          keys: keysSchema(),
        }),
      },
    },
  ],
  async run({ proofs }): Promise<CheckpointShown> {
    const { checkpoint, cosigned = null, keys } = await proofs.latest()
    return { checkpoint, cosigned, keys }
  },
})

export const rotateProofKey = operation({
  name: 'rotateProofKey',
  effect: 'changes',
  needs: () => ({ verb: 'administer' }),
  parameters: {},
  refusals: ['proofs_missing', 'store_full'],
  describe: () => [
    {
      group: 'proofs',
      summary: 'Make a new key that signs checkpoints',
      description:
        'The key before it signs along until the next rotation. The log records the new one, and who asked for it.',
      result: { description: 'The public keys.', schema: objectOf({ keys: keysSchema() }) },
    },
  ],
  async run({ proofs }, _, { by }): Promise<{ readonly keys: readonly string[] }> {
    return { keys: await proofs.rotateKey(by) }
  },
})

export const treeSchema: JsonSchema = objectOf({
  size: { type: 'integer', description: 'The number of events.' },
  root: { type: 'string', description: 'The root of their Merkle tree, in base64.' },
})

function keysSchema(): JsonSchema {
  return {
    type: 'array',
    items: { type: 'string' },
    description: 'The public keys (https://c2sp.org/signed-note), the newest first.',
  }
}

export function shownTree({ size, root }: TreeHead): TreeShown {
  return { size, root: base64(root) }
}

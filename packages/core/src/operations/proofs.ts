// Proofs that events are in the log, and that the log only grew.
import { IndelibleError } from '../kernel/errors.ts'
import { eventJson } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import { checkedStreamName, type StreamName } from '../kernel/streams.ts'
import { base64 } from '../kernel/text.ts'
import type { TreeHead } from '../proofs/checkpoints.ts'
import { type ProvedLine, ProvedLineWriter } from '../proofs/proved-lines.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { objectOf, ref } from './json-schemas.ts'
import { pageBytesMax, pageDefault, pageMax } from './limits.ts'
import { operation } from './operation.ts'
import { required, text, wholeNumber } from './parameters.ts'

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

/** A page of the events of a stream, with their proofs. */
export interface StreamProved {
  readonly stream: StreamName
  readonly tree: TreeShown
  /** The signed note of the tree, if that is the last checkpoint. */
  readonly checkpoint: string | null
  readonly events: readonly ProvedLine[]
  /** The position of the first event after the page, or null. */
  readonly next: Position | null
}

export interface CheckpointShown {
  readonly checkpoint: string
  readonly cosigned: string | null
  readonly keys: readonly string[]
}

export const proveEvent = operation({
  name: 'proveEvent',
  effect: 'reads',
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

export const proveStream = operation({
  name: 'proveStream',
  effect: 'reads',
  parameters: {
    stream: required(text({ description: 'The name of the stream: <category>-<id>.' })),
    size: wholeNumber({
      description: 'The number of events of the log to prove against; that of the last checkpoint by default.',
      min: 1,
    }),
    from: wholeNumber({ description: 'The position in the log where the page starts, inclusive.', min: 1 }),
    limit: wholeNumber({
      min: 1,
      max: pageMax,
      default: pageDefault,
      description: 'The maximum number of events on the page. There are fewer if they are large.',
    }),
  },
  refusals: [
    'invalid_stream_name',
    'invalid_position',
    'stream_missing',
    'proofs_missing',
    'proofs_damaged',
    'tree_diverged',
  ],
  paging: { parameter: 'from', firstPageOnly: [] },
  describe: () => [
    {
      group: 'proofs',
      summary: 'Prove all events of a stream',
      description:
        'Give the same size for all pages: the log grows meanwhile. Names of Indelible itself are allowed, such as $operator-$tree for the record of the keys.',
      result: {
        description:
          'One page of events with their proofs, and where the next page starts; null if this is the last page.',
        schema: objectOf({
          stream: { type: 'string' },
          tree: treeSchema,
          checkpoint: { type: ['string', 'null'], description: 'Of that log, if it is the last checkpoint.' },
          events: {
            type: 'array',
            items: { type: 'object' },
            description: 'Each as a line of events.ndjson in a bundle of evidence. The first one shares no hashes.',
          },
          next: { type: ['integer', 'null'] },
        }),
      },
    },
  ],
  async run({ proofs }, { stream: name, size, from, limit = pageDefault }): Promise<StreamProved> {
    const stream = checkedStreamName(name)
    const { tree, checkpoint = null, events } = await proofs.stream({ stream, size, from })
    const writer = new ProvedLineWriter()
    const page: ProvedLine[] = []
    let next: Position | null = null
    let bytes = 0
    for await (const proved of events) {
      if (page.length === limit || bytes > pageBytesMax) {
        next = proved.event.position
        break
      }
      bytes += proved.event.dataBytes.length + proved.event.metadataBytes.length
      page.push(writer.write(proved))
    }
    if (page.length === 0 && from === undefined)
      throw new IndelibleError('stream_missing', `There are no events in ${stream} that the checkpoint has.`)
    return { stream, tree: shownTree(tree), checkpoint, events: page, next }
  },
})

export const latestCheckpoint = operation({
  name: 'latestCheckpoint',
  effect: 'reads',
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
  async run({ proofs }, _, { principal }): Promise<{ readonly keys: readonly string[] }> {
    return { keys: await proofs.rotateKey(principal) }
  },
})

const treeSchema: JsonSchema = objectOf({
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

function shownTree({ size, root }: TreeHead): TreeShown {
  return { size, root: base64(root) }
}

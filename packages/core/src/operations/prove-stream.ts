// Proofs of all events of a stream, page by page.
import { IndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import { checkedStreamName, type StreamName } from '../kernel/streams.ts'
import { type ProvedLine, ProvedLineWriter } from '../proofs/proved-lines.ts'
import { objectOf } from './json-schemas.ts'
import { pageBytesMax, pageDefault, pageMax } from './limits.ts'
import { operation } from './operation.ts'
import { required, text, wholeNumber } from './parameters.ts'
import { shownTree, type TreeShown, treeSchema } from './proofs.ts'

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

export const proveStream = operation({
  name: 'proveStream',
  effect: 'reads',
  heavy: true,
  needs: () => ({ verb: 'audit' }),
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

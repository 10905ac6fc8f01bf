// Where the events and proofs of a bundle come from: the log and its tree here, or a running server.
import { IndelibleError, type StreamName } from 'indelible'
import { operations } from 'indelible/operations'
import {
  cosignedCheckpoint,
  type EventInTree,
  lastCheckpoint,
  ProvedLineReader,
  proveConsistency,
  proveStream,
  readCheckpoint,
} from 'indelible/proofs'
import { describeSystem, type SystemDescription } from 'indelible/schema'
import { askServer } from '../http/index.ts'
import {
  type CommonOptions,
  checkpointFile,
  openTree,
  type ServerOptions,
  type ServerToAsk,
  serverOf,
  systemOf,
} from '../options/index.ts'
import type { Session } from '../session.ts'

export interface EvidenceOptions extends CommonOptions, ServerOptions {
  /** A checkpoint that was kept: the bundle has what the log had then. */
  readonly checkpoint?: string
}

export interface EvidenceSource {
  /** The checkpoint that everything is proved against, as a signed note. */
  readonly note: string
  readonly system: SystemDescription | undefined
  events(stream: StreamName): AsyncIterable<EventInTree>
  close(): Promise<void>
}

export async function openSource(
  stream: StreamName,
  options: EvidenceOptions,
  session: Session,
): Promise<EvidenceSource> {
  const { checkpoint } = options
  const given = checkpoint === undefined ? undefined : (await checkpointFile(checkpoint, session)).note
  const server = serverOf(options)
  return server
    ? await serverSource(server, { stream, given, session })
    : await directSource({ stream, given, options, session })
}

interface Asked {
  readonly stream: StreamName
  /** The checkpoint to use; by default the newest that fits. */
  readonly given: string | undefined
  readonly session: Session
}

async function directSource({
  stream,
  given,
  options,
  session,
}: Asked & { readonly options: EvidenceOptions }): Promise<EvidenceSource> {
  const system = await declaredSystem(options, session)
  const { store, files } = await openTree(options, session)
  try {
    let lastPosition = 0
    for await (const { events } of store.read([{ streams: [stream] }], { direction: 'backwards', limit: 1 }))
      lastPosition = events[0]?.position ?? 0
    const kept = { last: await lastCheckpoint(files), cosigned: await cosignedCheckpoint(files) }
    const note = given ?? newestFor(lastPosition, kept)
    const { size, root } = readCheckpoint(note)
    assertSame(root, (await proveConsistency({ files }, { from: size })).from.root)
    const proved = async function* (name: StreamName) {
      yield* (await proveStream({ store, files }, { stream: name, size })).events
    }
    return { note, system, events: proved, close: () => store.close() }
  } catch (error) {
    await store.close()
    throw error
  }
}

async function serverSource(server: ServerToAsk, { stream, given, session }: Asked): Promise<EvidenceSource> {
  const ask = askServer(server, session)
  const { checkpoint, cosigned } = await ask(operations.latestCheckpoint, {})
  const { events } = await ask(operations.readStream, { stream, direction: 'backwards', limit: 1 })
  const note = given ?? newestFor(events[0]?.position ?? 0, { last: checkpoint, cosigned: cosigned ?? undefined })
  const { size, root } = readCheckpoint(note)
  async function* proved(name: StreamName): AsyncGenerator<EventInTree> {
    for (let from: number | null = 1; from !== null; ) {
      const page: Awaited<ReturnType<typeof operations.proveStream.run>> = await ask(operations.proveStream, {
        stream: name,
        size,
        from,
        limit: pageEvents,
      })
      assertSame(root, Buffer.from(page.tree.root, 'base64'))
      const reader = new ProvedLineReader()
      for (const line of page.events) yield reader.read(line)
      from = page.next
    }
  }
  return { note, system: undefined, events: proved, close: async () => {} }
}

/** The one that others have signed too, if it has the whole stream. */
function newestFor(position: number, { last, cosigned }: { last: string; cosigned: string | undefined }): string {
  return cosigned !== undefined && readCheckpoint(cosigned).size >= position ? cosigned : last
}

function assertSame(signed: Uint8Array, kept: Uint8Array): void {
  if (Buffer.compare(signed, kept) === 0) return
  throw new IndelibleError(
    'tree_diverged',
    'The checkpoint is not one of this log, or the log was changed since. "indelible verify" says what happened.',
  )
}

/** With `--data` alone there are no declarations. */
async function declaredSystem(options: CommonOptions, session: Session): Promise<SystemDescription | undefined> {
  if (options.data !== undefined && options.config === undefined) return undefined
  return describeSystem((await systemOf(options, session)).system)
}

const pageEvents = 500

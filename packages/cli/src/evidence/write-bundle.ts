// Writes a bundle, in one pass over the events.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { RecordedEvent, StreamName } from 'indelible'
import { ProvedLineWriter } from 'indelible/proofs'
import { ZipFile } from 'yazl'
import { CliError } from '../errors/index.ts'
import { declarationsOf, jsonText, writtenBy } from './about.ts'
import { type BundleFile, bundleFiles, isLinesFile, sumsFile, sumsText } from './bundle-files.ts'
import { type BundleContent, type DerivedFile, derivedFiles } from './derived-files.ts'
import { keysStream, RecordedKeys } from './recorded-keys.ts'
import type { EvidenceSource } from './sources.ts'
import { Summing } from './summary.ts'

export interface BundleToWrite {
  readonly source: EvidenceSource
  readonly stream: StreamName
  readonly file: string
  readonly nowMs: number
  /** Everything up to this position is in the bundle. */
  readonly onProgress: (position: number) => void
  readonly signal: AbortSignal
}

/** Throws `stream_missing` if the checkpoint has no event of the stream, and what the source throws. What is in the file is incomplete then. */
export async function writeBundle(bundle: BundleToWrite): Promise<void> {
  const { file, nowMs, signal } = bundle
  const zip = new ZipFile()
  const output = zip.outputStream as Readable
  const fail = (error: Error) => void output.destroy(error)
  zip.once('error', fail)
  const sums = new Map<BundleFile, string>()
  const parts = partsOf(bundle, sums)
  for (const name of bundleFiles) {
    const options = { mtime: new Date(nowMs), forceZip64Format: isLinesFile(name) }
    zip.addReadStreamLazy(name, options, (begin) => {
      begin(null, Readable.from(summed(name, parts[name]()), { objectMode: false }).once('error', fail))
    })
  }
  zip.end()
  await pipeline(output, createWriteStream(file, { flags: 'wx', flush: true }), { signal })

  async function* summed(name: BundleFile, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const hash = createHash('sha256')
    for await (const part of content) {
      hash.update(part)
      yield part
    }
    if (name !== sumsFile) sums.set(name, hash.digest('hex'))
  }
}

type Parts = () => AsyncIterable<Buffer>

/** The content of each file. Each is asked for when those before it are written. */
function partsOf(
  { source, stream, nowMs, onProgress }: BundleToWrite,
  sums: ReadonlyMap<BundleFile, string>,
): Readonly<Record<BundleFile, Parts>> {
  const { note, system } = source
  const summary = new Summing()
  const keys = new RecordedKeys()
  const origin = { madeAt: new Date(nowMs).toISOString(), madeBy: writtenBy }
  const derived = (name: DerivedFile) => {
    const content = (): BundleContent => ({ summary, note, keys: keys.all, origin })
    return () => textPart(() => derivedFiles[name](content()))
  }
  return {
    'events.ndjson': () =>
      lines(source, stream, (event) => {
        summary.add(event)
        onProgress(event.position)
      }),
    'keys.ndjson': () => lines(source, keysStream, (event) => keys.add(event)),
    checkpoint: () => textPart(() => note),
    'declarations.json': () => textPart(() => jsonText(declarationsOf(summary, system))),
    'about.json': derived('about.json'),
    'index.html': derived('index.html'),
    'README.txt': derived('README.txt'),
    'check.py': derived('check.py'),
    SHA256SUMS: () => textPart(() => sumsText(sums)),
  }
}

async function* lines(
  source: EvidenceSource,
  stream: StreamName,
  onEvent: (event: RecordedEvent) => void,
): AsyncGenerator<Buffer> {
  const writer = new ProvedLineWriter()
  let part = ''
  let isEmpty = true
  for await (const proved of source.events(stream)) {
    isEmpty = false
    onEvent(proved.event)
    part += `${JSON.stringify(writer.write(proved))}\n`
    if (part.length < partCharacters) continue
    yield Buffer.from(part)
    part = ''
  }
  if (isEmpty)
    throw new CliError('stream_missing', `The checkpoint has no event of stream "${stream}".`, { details: { stream } })
  yield Buffer.from(part)
}

async function* textPart(make: () => string): AsyncGenerator<Buffer> {
  yield Buffer.from(make())
}

/** Lines that are compressed together. */
const partCharacters = 256 * 1024

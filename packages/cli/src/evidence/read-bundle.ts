// Opens a bundle that comes from somebody else: only the files of a bundle, each once, within limits.
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { CliError } from '../errors/index.ts'
import { escapeControls, formatBytes } from '../output/index.ts'
import { type BundleFile, isBundleFile, isLinesFile, type LinesFile } from './bundle-files.ts'
import { entriesMax, fileBytesMax, lineBytesMax } from './limits.ts'

export interface OpenBundle {
  /** The files that are there. */
  readonly names: ReadonlySet<BundleFile>
  readonly bytes: ReadonlyMap<BundleFile, number>
  read(name: Exclude<BundleFile, LinesFile>): Promise<Buffer>
  /** The lines without their line feeds. The last one must have one too. */
  lines(name: LinesFile, onDone: (sum: string) => void): AsyncGenerator<Buffer>
  close(): void
}

/** Throws `bundle_unreadable`. */
export async function openBundle(file: string): Promise<OpenBundle> {
  const zip = await openPromise(file, { strictFileNames: true, autoClose: false }).catch((error) => {
    throw unreadable(`${file} cannot be read as a zip: ${error.message}.`)
  })
  try {
    const entries = await entriesOf(zip)
    return {
      names: new Set(entries.keys()),
      bytes: new Map([...entries].map(([name, { uncompressedSize }]) => [name, uncompressedSize])),
      read: async (name) => Buffer.concat(await Array.fromAsync(contentOf(zip, entries.get(name)!))),
      lines: (name, onDone) => linesOf(contentOf(zip, entries.get(name)!), { name, onDone }),
      close: () => zip.close(),
    }
  } catch (error) {
    zip.close()
    throw error
  }
}

async function entriesOf(zip: ZipFile): Promise<ReadonlyMap<BundleFile, Entry>> {
  if (zip.entryCount > entriesMax) throw unreadable(`It has ${zip.entryCount} entries, more than ${entriesMax}.`)
  const entries = new Map<BundleFile, Entry>()
  try {
    for await (const entry of zip.eachEntry()) {
      const { fileName, uncompressedSize } = entry
      const shown = `"${escapeControls(fileName)}"`
      if (!isBundleFile(fileName)) throw unreadable(`It has a file ${shown}, which no bundle has.`)
      if (entries.has(fileName)) throw unreadable(`It has the file ${shown} twice.`)
      if (!entry.canDecodeFileData()) throw unreadable(`The file ${shown} is encrypted, or compressed in another way.`)
      if (!isLinesFile(fileName) && uncompressedSize > fileBytesMax)
        throw unreadable(`The file ${shown} has more than ${formatBytes(fileBytesMax)}.`)
      entries.set(fileName, entry)
    }
  } catch (error) {
    throw error instanceof CliError ? error : unreadable(`It cannot be read as a zip: ${(error as Error).message}.`)
  }
  return entries
}

/** It ends with an error where it has more or fewer bytes than the zip says. */
async function* contentOf(zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  let stream: Readable | undefined
  try {
    stream = await zip.openReadStreamPromise(entry)
    yield* stream
  } catch (error) {
    throw unreadable(`The file ${entry.fileName} cannot be read: ${(error as Error).message}.`)
  } finally {
    stream?.destroy()
  }
}

async function* linesOf(
  content: AsyncIterable<Buffer>,
  { name, onDone }: { readonly name: LinesFile; readonly onDone: (sum: string) => void },
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  let open: Buffer[] = []
  let openBytes = 0
  for await (const part of content) {
    hash.update(part)
    let from = 0
    for (let end = part.indexOf(lineFeed); end >= 0; end = part.indexOf(lineFeed, from)) {
      yield Buffer.concat([...open, part.subarray(from, end)])
      open = []
      openBytes = 0
      from = end + 1
    }
    open.push(part.subarray(from))
    openBytes += part.length - from
    if (openBytes > lineBytesMax) throw unreadable(`${name} has a line of more than ${formatBytes(lineBytesMax)}.`)
  }
  if (openBytes > 0) throw unreadable(`The last line of ${name} is cut.`)
  onDone(hash.digest('hex'))
}

const lineFeed = 0x0a

function unreadable(message: string): CliError {
  return new CliError('bundle_unreadable', `This is not a bundle of evidence. ${message}`)
}

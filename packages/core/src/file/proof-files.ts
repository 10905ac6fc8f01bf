// Tiles and checkpoint of the Merkle tree as files that any web server can serve, and the private keys in a place of their own.
import { closeSync, constants, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { chmod, open, readFile, rename } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fault, nodeDisk, syncDir } from '../log/disk/index.ts'
import type { ProofFiles } from '../store/proof-files.ts'

export interface FileProofsOptions {
  /** A directory for nothing else: of `tile/` and `checkpoint`, which may be served. Made if it is not there. */
  readonly dir: string
  /** The file of the private keys, made with mode 0600 if it is not there. */
  readonly keysFile: string
}

export function fileProofs(options: FileProofsOptions): ProofFiles {
  const dir = resolve(options.dir)
  const keysFile = resolve(options.keysFile)
  return {
    read: (path) => contentOf(join(dir, path)),
    async write(path, bytes, { isTile = false } = {}) {
      const file = join(dir, path)
      await asked(file, async () => (isTile ? writtenInPlace(file, bytes) : replaced(file, bytes)))
    },
    async remove(path) {
      const file = join(dir, path)
      await asked(file, async () => rmSync(file, { force: true, recursive: true }))
    },
    loadKeys: async () => (await contentOf(keysFile))?.toString(),
    async saveKeys(text) {
      await nodeDisk.makeDir(dirname(keysFile))
      await asked(keysFile, () => keysWritten(keysFile, text))
      await syncDir(nodeDisk, dirname(keysFile))
    },
  }
}

/** Beside its place first, so that a reader finds all of it or nothing. */
function replaced(file: string, bytes: Uint8Array): void {
  const unfinished = `${file}.new`
  writtenInPlace(unfinished, bytes, constants.O_TRUNC)
  renameSync(unfinished, file)
}

/**
 * A tile is not emptied first: a reader finds right bytes only. Synchronously, because the few threads for asynchronous calls belong to the log, whose writes are
 * waited for; it is a few kilobytes for the page cache, on the thread of the tree.
 */
function writtenInPlace(file: string, bytes: Uint8Array, truncation = 0): void {
  const handle = opened(file, constants.O_CREAT | constants.O_WRONLY | truncation)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at)
  } finally {
    closeSync(handle)
  }
}

function opened(file: string, flags: number): number {
  try {
    return openSync(file, flags)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    mkdirSync(dirname(file), { recursive: true })
    return openSync(file, flags)
  }
}

async function keysWritten(file: string, text: string): Promise<void> {
  const unfinished = `${file}.new`
  const handle = await open(unfinished, 'w', 0o600)
  try {
    // It may have been left by a killed process, with any mode.
    await chmod(unfinished, 0o600)
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(unfinished, file)
}

async function contentOf(file: string): Promise<Buffer | undefined> {
  return await asked(file, () =>
    readFile(file).catch((error) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
      throw error
    }),
  )
}

async function asked<Value>(file: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act()
  } catch (error) {
    throw fault(error as NodeJS.ErrnoException, file)
  }
}

// The thread that PGlite runs in, as seen by the one that started it.
import { Worker } from 'node:worker_threads'
import { IndelibleError } from 'indelible'
import { missingPeer } from './peer.ts'
import { PgliteClient } from './pglite-client.ts'

/** In development Node runs the source itself. */
const workerFile = import.meta.url.endsWith('.ts') ? './pglite-worker.ts' : './pglite-worker.js'
/** Closing syncs the whole directory, which takes a moment; a thread that does not end by itself is stopped. */
const closeMsMax = 30_000

export interface PgliteThread {
  readonly client: PgliteClient
  close(): Promise<void>
}

/** Throws `tables_unavailable` where the directory cannot be opened, `invalid_declaration` where PGlite is not installed. */
export async function startPglite(dir: string | undefined): Promise<PgliteThread> {
  // SQLite, which serves as a lock, counts as experimental in Node 22.
  const execArgv = ['--disable-warning=ExperimentalWarning']
  const worker = new Worker(new URL(workerFile, import.meta.url), { workerData: { dir }, execArgv })
  const client = new PgliteClient(worker)
  const ended = Promise.withResolvers<void>()
  worker.on('error', (error) => client.die(error))
  worker.on('exit', () => {
    client.die(undefined)
    ended.resolve()
  })
  try {
    await client.exchange(undefined)
  } catch (error) {
    throw missingPeer('@electric-sql/pglite', error) ?? notOpened(dir, error)
  }

  async function close(): Promise<void> {
    if (!client.isAlive) return
    const stop = setTimeout(() => worker.terminate(), closeMsMax)
    try {
      await client.exchange('close')
      worker.ref()
      await ended.promise
    } finally {
      clearTimeout(stop)
      await worker.terminate()
    }
  }
  return { client, close }
}

function notOpened(dir: string | undefined, cause: unknown): IndelibleError {
  const { message } = cause as Error
  const where = dir === undefined ? 'in memory' : `"${dir}"`
  return new IndelibleError('tables_unavailable', `PGlite cannot open ${where}: ${message}`, { cause })
}

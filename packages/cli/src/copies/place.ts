// The places between which a log is copied: a directory, or a Postgres server. This is where their adapters are chosen.
import { join, resolve } from 'node:path'
import type { ListedRecords, ProofFiles } from 'indelible'
import type { CopySource, OpenCopyTarget } from 'indelible/adapter'
import { fileCopySource, fileCopyTarget, fileStorage } from 'indelible/file'
import { CliError } from '../errors/index.ts'

export interface Place {
  /** As a person may see it: without a password. */
  readonly shown: string
  readonly source: () => Promise<CopySource>
  readonly openTarget: OpenCopyTarget
  /** What is kept beside the log. Opened when it is first used. */
  readonly beside: () => Promise<Beside>
}

export interface Beside {
  readonly records: ListedRecords
  readonly proofFiles: ProofFiles
  close(): Promise<void>
}

/** Which log it is on a server. */
export interface LogName {
  readonly schema?: string
  readonly log?: string
}

/** Throws `usage`. */
export async function placeAt(given: string, name: LogName, { cwd }: { readonly cwd: string }): Promise<Place> {
  if (/^postgres(ql)?:/i.test(given)) return await onServer(given, name)
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(given))
    throw new CliError('usage', `"${given}" is neither a directory nor a URL that begins with postgres://.`)
  const dataDir = resolve(cwd, given)
  const dir = join(dataDir, 'log')
  return {
    shown: dataDir,
    source: () => fileCopySource({ dir }),
    openTarget: fileCopyTarget({ dir }),
    async beside() {
      const { consumers: records, proofFiles } = fileStorage({ dataDir, mode: 'inspect' })
      return { records, proofFiles, close: async () => {} }
    },
  }
}

async function onServer(connectionString: string, name: LogName): Promise<Place> {
  const url = URL.parse(connectionString)
  if (!url) throw new CliError('usage', 'The URL of the Postgres server cannot be read: postgres://user@host/database.')
  const { postgresCopySource, postgresCopyTarget, postgresStorage } = await import('@indelible/postgres').catch(
    (cause) => {
      throw new CliError('usage', 'To copy to or from a Postgres server, install @indelible/postgres and pg.', {
        cause,
      })
    },
  )
  const options = { connectionString, ...name }
  return {
    shown: shownUrl(url, name),
    source: () => postgresCopySource(options),
    openTarget: postgresCopyTarget(options),
    async beside() {
      const { store, consumers: records, proofFiles } = postgresStorage({ ...options, mode: 'inspect' })
      // Its connections end with the log.
      const opened = await store()
      return { records, proofFiles, close: () => opened.close() }
    },
  }
}

function shownUrl(
  { protocol, username, host, pathname }: URL,
  { schema = 'indelible', log = 'main' }: LogName,
): string {
  const user = username === '' ? '' : `${username}@`
  return `${protocol}//${user}${host}${pathname} (log "${log}" of the schema "${schema}")`
}

// What code is compared with: the registry of a log, or a committed file.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type EventStore, isIndelibleError } from 'indelible'
import { contractsInFile, contractsInLog, type KnownContract, readRegistry } from 'indelible/schema'
import { CliError, fileProblem } from '../errors/index.ts'
import type { Session } from '../session.ts'

/** Throws `usage`, `schema_file_missing`. */
export async function knownContracts(
  { file, store }: { readonly file?: string | undefined; readonly store: EventStore | undefined },
  { cwd }: Pick<Session, 'cwd'>,
): Promise<{ readonly known: readonly KnownContract[]; readonly text?: string }> {
  if (file === undefined) {
    if (!store) return { known: [] }
    return { known: contractsInLog(await readRegistry(store), await store.countTypes()) }
  }
  const path = resolve(cwd, file)
  const text = await readFile(path, 'utf8').catch((cause) => {
    if (cause.code !== 'ENOENT')
      throw new CliError('usage', `${path} cannot be read: ${fileProblem(cause)}.`, { cause })
    throw new CliError('schema_file_missing', `There is no file ${path}. Write it: indelible schema write ${file}`, {
      cause,
    })
  })
  try {
    return { known: contractsInFile(text), text }
  } catch (cause) {
    if (isIndelibleError(cause, 'schema_file_invalid'))
      throw new CliError('usage', `${path}: ${cause.message}`, { cause })
    throw cause
  }
}

// Access to API keys: through a running server, or in the log here.
import {
  type ApiKey,
  ApiKeys,
  catalogName,
  type IssuedKey,
  isIndelibleError,
  type KeyToIssue,
  openers,
  systemClock,
  systemIds,
} from 'indelible'
import { fileStore } from 'indelible/file'
import { operations } from 'indelible/operations'
import { CliError } from '../errors/index.ts'
import { askServer } from '../http/index.ts'
import {
  type CommonOptions,
  logDirOf,
  openLog,
  type ServerOptions,
  type ServerToAsk,
  serverOf,
  systemOf,
  untilOpen,
} from '../options/index.ts'
import { type Session, untilInterrupted } from '../session.ts'

export interface KeysClient {
  issue(key: KeyToIssue, by: Who): Promise<IssuedKey>
  /** All keys. */
  list(): Promise<readonly ApiKey[]>
  /** False if it was revoked before. */
  revoke(key: { readonly keyId: string; readonly reason: string }, by: Who): Promise<boolean>
  close(): Promise<void>
}

interface Who {
  readonly actor?: string
}

const pageMax = 1_000

/** Without `--url` it opens the log: for reading, or to `write`. Throws `store_locked` if a running system writes the log. */
export async function openKeys(
  options: CommonOptions & ServerOptions & { readonly write?: boolean },
  session: Session,
): Promise<KeysClient> {
  if (options.tenant !== undefined)
    throw new CliError(
      'usage',
      'API keys are for the whole server: what a key may do for which tenant, its attributes say. Leave --tenant out.',
    )
  const server = serverOf(options)
  return server ? keysByServer(server, session) : await openDirectKeys(options, session)
}

function keysByServer(server: ServerToAsk, session: Session): KeysClient {
  const ask = askServer(server, session)
  return {
    issue: ({ principal, expiresAt }, by) =>
      ask(operations.issueKey, { principal: { roles: [], attributes: {}, ...principal }, expiresAt }, by),
    async list() {
      const found: ApiKey[] = []
      for (let from: number | null = 0; from !== null; ) {
        const page: Awaited<ReturnType<typeof operations.listKeys.run>> = await ask(operations.listKeys, {
          status: 'all',
          from,
          limit: pageMax,
        })
        found.push(...page.keys)
        from = page.next
      }
      return found
    },
    revoke: async (key, by) => (await ask(operations.revokeKey, key, by)).revoked,
    async close() {},
  }
}

async function openDirectKeys(
  { write = false, ...options }: CommonOptions & { readonly write?: boolean },
  session: Session,
): Promise<KeysClient> {
  const store = write ? await openToWrite(options, session) : await openToRead(options, session)
  const keys = new ApiKeys({ store, ids: systemIds, clock: systemClock })
  return {
    issue: (key, by) => keys.issue(key, by),
    list: () => untilInterrupted(keys.list(), session.signal),
    revoke: (key, by) => keys.revoke(key, by),
    async close() {
      keys.close()
      await store.close()
    },
  }
}

/** Where there are tenants, the keys are with the list of them. */
async function openToRead(options: CommonOptions, session: Session) {
  if (options.data !== undefined && options.config === undefined) return await openLog(options, session)
  const config = await systemOf(options, session)
  if (!config.tenants) return await openLog(options, session)
  const opened = openers(config, { dataDir: config.dataDir, mode: 'inspect', tenant: catalogName })
  return await untilOpen(opened.store(), session)
}

async function openToWrite(options: CommonOptions, session: Session) {
  try {
    if (options.data !== undefined && options.config === undefined)
      return await untilOpen(fileStore({ dir: await logDirOf(options, session) }), session)
    const config = await systemOf(options, session)
    const { dataDir, tenants } = config
    const opened = openers(config, { dataDir, mode: 'run', ...(tenants ? { tenant: catalogName } : {}) })
    return await untilOpen(opened.store(), session)
  } catch (cause) {
    if (!isIndelibleError(cause, 'store_locked')) throw cause
    throw new CliError(
      'log_in_use',
      `A running system has this log. Ask it with --url http://127.0.0.1:3000. (${cause.message})`,
      { cause },
    )
  }
}

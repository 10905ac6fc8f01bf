// Access to projections without a server: it opens the log for reading, and the read tables with the config.
import { IndelibleError, isIndelibleError, ProjectionOperator, type ProjectionView, type ReadTables } from 'indelible'
import { CliError } from '../errors/index.ts'
import { type CommonOptions, type LoadedConfig, locationOf, openLog, systemOf } from '../options/index.ts'
import { interruptedError, type Session, untilInterrupted } from '../session.ts'
import type { ProjectionClient, ProjectionInfo } from './projection-client.ts'

/** The option for the other client. The port of the server is unknown here. */
const byServer = '--url http://127.0.0.1:<port>'

export async function openDirectClient(options: CommonOptions, session: Session): Promise<ProjectionClient> {
  const { signal } = session
  const { logDir, ...declared } = await systemOf(options, session)
  const { system } = declared
  const open = tablesOpenerOf(declared)
  const store = await openLog(logDir, session)
  const tables = await untilInterrupted(open(), signal).catch(async (error) => {
    await store.close()
    throw error
  })
  const operator = new ProjectionOperator(system, { store, tables })

  const known = (name: string) => {
    const names = system.projections.map((each) => each.name)
    if (names.includes(name)) return name
    const declared = names.length === 0 ? 'none' : names.join(', ')
    throw new IndelibleError(
      'unknown_projection',
      `The config declares no projection "${name}". It declares: ${declared}.`,
    )
  }
  /** Interrupted work ends by itself and changes nothing. */
  const untilAborted = <Result>(work: Promise<Result>) =>
    work.catch((error) => Promise.reject(signal.aborted ? interruptedError() : error))

  return {
    list: async () => (await operator.list()).map(infoOf),
    show: async (name) => infoOf(await operator.show(known(name))),
    async rebuild(name, { dropFormer, progress }) {
      const report = await untilAborted(operator.rebuild(known(name), { progress, signal }))
      if (dropFormer) await operator.dropFormer(name)
      return report
    },
    async verify(name, progress) {
      const { state } = await operator.show(known(name))
      if (state !== 'missing') return await untilAborted(operator.verify(name, { progress, signal }))
      throw new CliError(
        'table_missing',
        `The table "${name}" does not exist yet. A process that runs the system creates it, or run: indelible projections rebuild ${name}`,
      )
    },
    setPaused: (name, isPaused) => (isPaused ? operator.pause(known(name)) : operator.resume(known(name))),
    async close() {
      await tables.close()
      await store.close()
    },
  }
}

/** Throws `config_invalid` if the config has no openTables. */
function tablesOpenerOf({ configFile, dataDir, openTables }: LoadedConfig): () => Promise<ReadTables> {
  if (!openTables) {
    throw new CliError(
      'config_invalid',
      `${configFile} has no openTables, which opens the read tables. Add for example: ` +
        `openTables: ({ dataDir }) => pgliteTables({ dir: join(dataDir, 'tables') }), with pgliteTables from @indelible/postgres. Or ask a running server: ${byServer}`,
      { details: { file: configFile } },
    )
  }
  return async () => {
    try {
      return await openTables({ dataDir })
    } catch (error) {
      if (isIndelibleError(error, 'tables_unavailable')) {
        // Only one process at a time can open embedded tables. Usually that process is the server.
        const message = `${error.message} If a server has them open, ask the server: ${byServer}`
        throw new IndelibleError(error.code, message, { details: error.details, cause: error })
      }
      if (isIndelibleError(error)) throw error
      const { place } = locationOf(error)
      const where = place === undefined ? '' : ` (${place})`
      const message = `openTables in ${configFile} threw: ${error instanceof Error ? error.message : error}${where}`
      throw new CliError('open_tables_failed', message, { cause: error })
    }
  }
}

function infoOf({ tableVersion, updatedAt, parked, next, former, ...view }: ProjectionView): ProjectionInfo {
  const { state, position } = view
  const table = { state, version: tableVersion, position, updatedAt, parked, next, former }
  return { ...view, staleness: null, rebuild: null, table }
}

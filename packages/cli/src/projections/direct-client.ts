// Access to projections without a server: it opens the log for reading, and the read tables with the config.
import { IndelibleError, isIndelibleError, ProjectionOperator, type ProjectionView, placeOf } from 'indelible'
import { tableShown } from 'indelible/operations'
import { CliError } from '../errors/index.ts'
import { type CommonOptions, inspectorsOf, untilOpen } from '../options/index.ts'
import { interruptedError, type Session } from '../session.ts'
import type { ProjectionClient, ProjectionInfo } from './projection-client.ts'

/** The option that asks a server. Its port is unknown here. */
const byServer = '--url http://127.0.0.1:<port>'

export async function openDirectClient(options: CommonOptions, session: Session): Promise<ProjectionClient> {
  const { signal } = session
  const { system, store: openStore, tables: openTables } = await inspectorsOf(options, session)
  const store = await untilOpen(openStore(), session)
  const tables = await untilOpen(openTables(), session).catch(async (error) => {
    await store.close()
    throw hintedError(error)
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
  /** Interrupted work ends and changes nothing. */
  const untilAborted = <Result>(work: Promise<Result>) =>
    work.catch((error) => Promise.reject(signal.aborted ? interruptedError() : error))

  return {
    list: async () => (await operator.list()).map(infoOf),
    show: async (name) => infoOf(await operator.show(known(name))),
    async rebuild(name, { dropPrevious, progress }) {
      const report = await untilAborted(operator.rebuild(known(name), { progress, signal }))
      if (dropPrevious) await operator.dropPrevious(name)
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
    keepPast: async (name, asOf) => await untilAborted(operator.keepPast(known(name), { asOf, signal })),
    dropPast: (name) => operator.dropPast(known(name)),
    setPaused: (name, isPaused) => (isPaused ? operator.pause(known(name)) : operator.resume(known(name))),
    async close() {
      await tables.close()
      await store.close()
    },
  }
}

/** One process at a time can open embedded tables. Usually that is the server. */
function hintedError(error: unknown): unknown {
  if (isIndelibleError(error, 'tables_unavailable')) {
    const message = `${error.message} If a server has them open, ask the server: ${byServer}`
    return new IndelibleError(error.code, message, { details: error.details, cause: error })
  }
  if (isIndelibleError(error) || error instanceof CliError) return error
  const problem = error instanceof Error ? error.message : error
  const message = `"tables" of the config threw: ${problem}${placeOf(error)}`
  return new CliError('open_tables_failed', message, { cause: error })
}

function infoOf(view: ProjectionView): ProjectionInfo {
  const { name, version, fingerprint, state, position, lagEvents, holder } = view
  const table = tableShown(view)
  return { name, version, fingerprint, state, position, lagEvents, holder, staleness: null, rebuild: null, table }
}

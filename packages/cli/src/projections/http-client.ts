// Access to projections through a running server. It is necessary while the server has embedded tables open, and it also returns the staleness.
import { setTimeout as pause } from 'node:timers/promises'
import { operations } from 'indelible/operations'
import { CliError } from '../errors/index.ts'
import { askServer, unexpectedResponse } from '../http/index.ts'
import type { ServerToAsk } from '../options/index.ts'
import type { Session } from '../session.ts'
import type { ProjectionClient, RebuildRequest } from './projection-client.ts'

/** The interval of requests for the progress of a rebuild. */
const progressMs = 200

export function httpClient(server: ServerToAsk, session: Session): ProjectionClient {
  const { errors, signal } = session
  const ask = askServer(server, session)

  async function pollProgress(name: string, progress: RebuildRequest['progress'], until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const { rebuild } = await ask(operations.showProjection, { name })
      if (rebuild && !until.aborted) progress(rebuild)
      await pause(progressMs, undefined, { signal: until })
    }
  }

  return {
    async list() {
      const { projections } = await ask(operations.listProjections, {})
      if (projections) return projections
      throw unexpectedResponse(server.url, 200)
    },
    show: (name) => ask(operations.showProjection, { name }),
    async rebuild(name, { dropPrevious, progress }) {
      const built = new AbortController()
      const report = ask(operations.rebuildProjection, { name, dropPrevious })
      // The rebuild does not fail if its progress is unknown.
      const polling = errors.isTerminal ? pollProgress(name, progress, built.signal).catch(() => {}) : undefined
      try {
        return await report
      } catch (error) {
        if (!signal.aborted) throw error
        throw new CliError(
          'interrupted',
          `Interrupted. The server continues the rebuild: see projections show ${name}.`,
        )
      } finally {
        built.abort()
        await polling
      }
    },
    verify: (name) => ask(operations.verifyProjection, { name }),
    keepPast: (name, asOf) => ask(operations.keepPastTable, { name, ...asOf }),
    async dropPast(name) {
      await ask(operations.dropPastTable, { name })
    },
    async setPaused(name, isPaused) {
      await ask(isPaused ? operations.pauseConsumer : operations.resumeConsumer, { name })
    },
    async close() {},
  }
}

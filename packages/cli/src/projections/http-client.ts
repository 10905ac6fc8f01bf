// Access to projections through a running server. It is necessary while the server has embedded tables open, and it also returns the staleness.
import { setTimeout as pause } from 'node:timers/promises'
import type { RebuildReport, TableCheck } from 'indelible'
import { CliError } from '../errors/index.ts'
import { interruptedError, type Session } from '../session.ts'
import { sendRequest, unexpectedResponse } from './http-request.ts'
import type { ProjectionClient, ProjectionInfo, RebuildRequest } from './projection-client.ts'

/** The interval of requests for the progress of a rebuild. */
const progressMs = 200

export function httpClient(url: URL, { errors, signal }: Session): ProjectionClient {
  const call = async <Body>(method: 'GET' | 'POST', path: string): Promise<Body> => {
    try {
      return (await sendRequest(url, { method, path, signal })) as Body
    } catch (error) {
      throw signal.aborted ? interruptedError() : error
    }
  }
  const pathOf = (name: string) => `/projections/${encodeURIComponent(name)}`
  const show = (name: string) => call<ProjectionInfo>('GET', pathOf(name))

  async function pollProgress(name: string, progress: RebuildRequest['progress'], until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const { rebuild } = await show(name)
      if (rebuild && !until.aborted) progress(rebuild)
      await pause(progressMs, undefined, { signal: until })
    }
  }

  return {
    async list() {
      const { projections } = await call<{ projections?: readonly ProjectionInfo[] }>('GET', '/projections')
      if (projections) return projections
      throw unexpectedResponse(url, 200)
    },
    show,
    async rebuild(name, { dropPrevious, progress }) {
      const built = new AbortController()
      const query = dropPrevious ? '?dropPrevious=true' : ''
      const report = call<RebuildReport>('POST', `${pathOf(name)}/rebuild${query}`)
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
    verify: (name) => call<TableCheck>('POST', `${pathOf(name)}/verify`),
    async setPaused(name, isPaused) {
      await call('POST', `/consumers/${encodeURIComponent(name)}/${isPaused ? 'pause' : 'resume'}`)
    },
    async close() {},
  }
}

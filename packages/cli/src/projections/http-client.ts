// To projections through a server that runs: the way where it holds embedded tables, and the one that tells of staleness.
import { setTimeout as pause } from 'node:timers/promises'
import type { RebuildReport, TableCheck } from 'indelible'
import { CliError } from '../errors/index.ts'
import { interruptedError, type Session } from '../session.ts'
import { sendRequest, unexpectedResponse } from './http-request.ts'
import type { ProjectionClient, ProjectionInfo, RebuildRequest } from './projection-client.ts'

/** How often a server that builds a table is asked how far it is. */
const progressMs = 200

export function httpClient(url: URL, { errors, signal }: Session): ProjectionClient {
  const asking = async <Body>(method: 'GET' | 'POST', path: string): Promise<Body> => {
    try {
      return (await sendRequest(url, { method, path: `/projections${path}`, signal })) as Body
    } catch (error) {
      throw signal.aborted ? interruptedError() : error
    }
  }
  const pathOf = (name: string) => `/${encodeURIComponent(name)}`
  const show = (name: string) => asking<ProjectionInfo>('GET', pathOf(name))

  async function pollProgress(name: string, progress: RebuildRequest['progress'], until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const { rebuild } = await show(name)
      if (rebuild && !until.aborted) progress(rebuild)
      await pause(progressMs, undefined, { signal: until })
    }
  }

  return {
    async list() {
      const { projections } = await asking<{ projections?: readonly ProjectionInfo[] }>('GET', '')
      if (projections) return projections
      throw unexpectedResponse(url, 200)
    },
    show,
    async rebuild(name, { dropFormer, progress }) {
      const built = new AbortController()
      const query = dropFormer ? '?dropFormer=true' : ''
      const report = asking<RebuildReport>('POST', `${pathOf(name)}/rebuild${query}`)
      // That the progress cannot be told does not make the rebuild fail.
      const told = errors.isTerminal ? pollProgress(name, progress, built.signal).catch(() => {}) : undefined
      try {
        return await report
      } catch (error) {
        if (!signal.aborted) throw error
        throw new CliError('interrupted', `Interrupted. The server goes on: ask it with projections show ${name}.`)
      } finally {
        built.abort()
        await told
      }
    },
    verify: (name) => asking<TableCheck>('POST', `${pathOf(name)}/verify`),
    async setPaused(name, isPaused) {
      await asking('POST', `${pathOf(name)}/${isPaused ? 'pause' : 'resume'}`)
    },
    async close() {},
  }
}

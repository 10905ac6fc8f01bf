// A shop that asks who is there.
import type { AccessOptions, RunningSystem } from 'indelible'
import { onTestFinished, vi } from 'vitest'
import { httpApi, type Identity, type ServeOptions, type ServerNotice, serve } from '../src/index.ts'
import { answerOf, jsonPost, runningShop } from './shop.ts'

export const unauthenticated = { status: 401, body: { type: 'urn:indelible:error:unauthenticated' } }

const everybody: AccessOptions = { grants: [{ anyone: true, may: 'everything' }] }

/** Without a socket. */
export function guardedShop(identities: readonly Identity[], access: AccessOptions = everybody) {
  const running = runningShop({ access })
  const onNotice = vi.fn<(notice: ServerNotice) => void>()
  const onError = vi.fn()
  const app = httpApi(running, { identities, onNotice, onError })
  const get = async (path: string, headers: Record<string, string> = {}) =>
    answerOf(await app.request(`http://localhost${path}`, { headers }))
  const post = async (path: string, input: unknown, headers: Record<string, string> = {}) =>
    answerOf(await app.request(`http://localhost${path}`, jsonPost(input, headers)))
  return { app, running, get, post, ...noted(onNotice), onError }
}

export async function servedGuarded(options: ServeOptions, access: AccessOptions = everybody) {
  const running = runningShop({ access })
  const onNotice = vi.fn<(notice: ServerNotice) => void>()
  const server = await serve(running, { port: 0, onNotice, ...options })
  onTestFinished(() => server.close())
  return { running, server, port: Number(new URL(server.url).port), ...noted(onNotice) }
}

function noted(onNotice: { readonly mock: { readonly calls: readonly (readonly [ServerNotice])[] } }) {
  return {
    notices: () => onNotice.mock.calls.map(([notice]) => notice),
    /** Why requests were refused. */
    reasons: () => onNotice.mock.calls.flatMap(([notice]) => ('reason' in notice ? [notice.reason] : [])),
  }
}

export const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

/** The actor of the last event of the domain. */
export async function lastActor(running: RunningSystem): Promise<unknown> {
  const batches = await Array.fromAsync(running.store.read('all', { direction: 'backwards', limit: 1 }))
  return batches[0]?.events[0]?.metadata.actor
}

// `/livez` and `/readyz`, for orchestrators and load balancers (https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/).
// Everybody may ask them, so they say nothing about the data.
import { type Health, IndelibleError } from 'indelible'
import { json } from './answers.ts'
import type { Drain } from './drain.ts'
import { probeCacheMs, readyLagEventsMaxDefault } from './limits.ts'
import type { OwnPage } from './own-page.ts'
import type { Served } from './served.ts'

export interface ReadinessOptions {
  /** The projections whose tables must be good for the server to be ready: all by default. A parked one takes every server away from a load balancer at the same time. */
  readonly readyProjections?: readonly string[]
  /** The server is not ready while one of them is more than this number of events behind, 10,000 by default. */
  readonly readyLagEventsMax?: number
}

interface Check {
  readonly name: string
  readonly status: 'ok' | 'failed'
  /** Why it failed, and where to look. */
  readonly reason?: string
}

/** Throws `invalid_declaration` for a projection that the system does not have. */
export function probePages(
  { system, whole }: Pick<Served, 'system' | 'whole'>,
  options: ReadinessOptions & { drain: Drain },
): readonly OwnPage[] {
  const { drain, readyProjections, readyLagEventsMax = readyLagEventsMaxDefault } = options
  const names = system.projections.map(({ name }) => name)
  const unknown = readyProjections?.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new IndelibleError(
      'invalid_declaration',
      `"readyProjections" names "${unknown}", which the system does not have.`,
    )
  const served = new Set(readyProjections ?? names)
  const checkHealth = cached(async () => {
    const health = await whole.health().catch(() => undefined)
    return health
      ? [storeCheck(health), tablesCheck(health, served, readyLagEventsMax)]
      : [failed('store', 'It does not answer.')]
  })
  return [
    probePage('/livez', 'Whether the process works, for an orchestrator that restarts it if not', async () => {
      // One turn of the event loop.
      await new Promise((turn) => setImmediate(turn))
      return [ok('event loop')]
    }),
    probePage('/readyz', 'Whether the server should get requests, for a load balancer', async () => {
      drain.asked()
      const draining = drain.isDraining ? failed('drain', 'The server is about to close.') : ok('drain')
      return [draining, ...(await checkHealth())]
    }),
  ]
}

function probePage(path: string, summary: string, check: () => Promise<readonly Check[]>): OwnPage {
  return {
    path,
    summary,
    needs: 'nothing',
    answer: { description: 'Each check. 503 if one failed.', schema },
    async handle() {
      const checks = await check()
      const isOk = checks.every(({ status }) => status === 'ok')
      return json({ status: isOk ? 'ok' : 'failed', checks }, { status: isOk ? 200 : 503 })
    },
  }
}

/** A store that was opened read-only is as ready as it will be. */
function storeCheck({ store }: Health): Check {
  if (store.canWrite || store.error.code === 'store_read_only') return ok('store')
  return failed('store', `It cannot write: ${store.error.code}. GET /health says more.`)
}

function tablesCheck({ consumers }: Health, served: ReadonlySet<string>, lagEventsMax: number): Check {
  const tables = consumers.filter(({ kind, name }) => kind === 'projection' && served.has(name))
  const bad = tables.filter(({ state, lagEvents }) => unserved.includes(state) || lagEvents > lagEventsMax)
  if (bad.length === 0) return ok('tables')
  return failed(
    'tables',
    `${bad.length} of ${tables.length} cannot be served, or are too far behind. GET /health says more.`,
  )
}

const unserved: readonly string[] = ['parked', 'diverged', 'retrying', 'stopped']

function ok(name: string): Check {
  return { name, status: 'ok' }
}

function failed(name: string, reason: string): Check {
  return { name, status: 'failed', reason }
}

/** Many may ask at the same time. */
function cached<Result>(ask: () => Promise<Result>): () => Promise<Result> {
  let last: { readonly at: number; readonly result: Promise<Result> } | undefined
  return () => {
    if (!last || performance.now() - last.at > probeCacheMs) last = { at: performance.now(), result: ask() }
    return last.result
  }
}

const schema = {
  type: 'object',
  required: ['status', 'checks'],
  properties: {
    status: { enum: ['ok', 'failed'] },
    checks: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'status'],
        properties: { name: { type: 'string' }, status: { enum: ['ok', 'failed'] }, reason: { type: 'string' } },
      },
    },
  },
}

// Who can reach the server, and who is asked for a name.
import { isIP } from 'node:net'
import type { ServerConfig } from '@indelible/server'
import type { LoadedConfig } from 'indelible'
import { type Finding, fail, ok } from './finding.ts'

export function network({ access }: LoadedConfig, server: ServerConfig, given: string | undefined): Finding {
  const host = given ?? server.host ?? '127.0.0.1'
  if (isLoopback(host)) return ok('network', `${host}: only this machine can reach it`)
  const missing = [
    ...((server.identities ?? []).length === 0
      ? ['identities (export const server = defineServer({ identities }))']
      : []),
    ...(access === undefined ? ['grants (access: { grants } of the config)'] : []),
  ]
  if (missing.length === 0)
    return ok('network', `${host}: other machines can reach it; identities and grants are declared`)
  return fail(
    'network',
    `${host}: other machines can reach it, and there are no ${missing.join(' and no ')}`,
    'Declare them, or listen on 127.0.0.1 behind a proxy that authenticates. Whoever reaches it may do everything.',
  )
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return host === 'localhost' || host.endsWith('.localhost')
  return host.startsWith('127.') || host === '::1' || host.startsWith('::ffff:127.')
}

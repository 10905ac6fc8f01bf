// What a config says of its server, beside the system: `export const server = defineServer({ identities: [apiKeys()] })`.
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { IndelibleError } from 'indelible'
import type { ServeOptions } from './serve.ts'
import type { TlsOptions } from './tls/certificates.ts'

/** The files of `tls` are relative to the config. */
export type ServerConfig = Pick<ServeOptions, (typeof names)[number]>

const names = [
  'identities',
  'tls',
  'host',
  'port',
  'allowedHosts',
  'closeTimeoutMs',
  'connectionsMax',
  'headersTimeoutMs',
  'requestsPerSecond',
  'heavyPerSecond',
  'heavyAtOnceMax',
  'readsAtOnceMax',
  'readTimeoutMs',
  'heavyTimeoutMs',
  'bodyBytesMax',
  'responseBytesMax',
  'heldBytesMax',
  'readyProjections',
  'readyLagEventsMax',
  'waitsMax',
  'feedsMax',
  'feedHeartbeatMs',
  'feedSlowMs',
  'apiVersion',
] as const satisfies readonly (keyof ServeOptions)[]

/** Checks the type of a config of a server. `indelible serve` reads it. */
export function defineServer(config: ServerConfig): ServerConfig {
  return config
}

/**
 * The options for {@link serve} that the module of a config has: none without an export `server`. Throws `config_invalid`, also for an option that is not known: a
 * misspelt one would leave the server without what it was to have.
 */
export async function serverOptionsIn(config: URL): Promise<ServerConfig> {
  const { server = {} }: { readonly server?: unknown } = await import(/* @vite-ignore */ config.href)
  const file = fileURLToPath(config)
  if (typeof server !== 'object' || server === null)
    throw invalid(file, 'has an export "server" that is no object. Write export const server = defineServer({ … }).')
  const stranger = Object.keys(server).find((name) => !(names as readonly string[]).includes(name))
  if (stranger !== undefined)
    throw invalid(file, `has the unknown option "${stranger}" in "server". The options are ${names.join(', ')}.`)
  const { tls, ...others }: ServerConfig = server
  if (typeof tls !== 'object') return server
  const inConfig = (path: string) => resolve(dirname(file), path)
  const { certFile, keyFile, caFile } = tls
  const ca = caFile === undefined ? {} : { caFile: inConfig(caFile) }
  return {
    ...others,
    tls: { ...tls, certFile: inConfig(certFile), keyFile: inConfig(keyFile), ...ca } satisfies TlsOptions,
  }
}

function invalid(file: string, problem: string): IndelibleError {
  return new IndelibleError('config_invalid', `${file} ${problem}`, { details: { file } })
}

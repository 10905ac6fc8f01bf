// What is configured, without its secrets.
import type { ServerConfig } from '@indelible/server'
import type { LoadedConfig } from 'indelible'
import { formatCount } from '../output/index.ts'
import { type Finding, ok } from './finding.ts'

const secretName = /secret|password|passwd|token|credential|private|api_?key|^keys?$|pass$/i
const mask = '•••'
/** Longer texts could be a key that its name does not tell. */
const textLengthMax = 200

export function configuration(
  { url, system, dataDir, access }: LoadedConfig,
  server: ServerConfig,
): readonly Finding[] {
  const { name, commands, projections, sagas } = system
  const grants = access === undefined ? 'no access declared' : formatCount(access.grants.length, 'grant')
  const counts = [
    formatCount(commands.length, 'command'),
    formatCount(projections.length, 'projection'),
    formatCount(sagas.length, 'saga'),
  ]
  return [
    ok('config', `${url.pathname}: ${name} with ${counts.join(', ')}; ${grants}; data in ${dataDir}`),
    ...(Object.keys(server).length === 0 ? [] : [ok('server', JSON.stringify(withoutSecrets(server)))]),
    ...environment(),
  ]
}

function environment(): readonly Finding[] {
  const own = Object.entries(process.env).filter(([name]) => /^(INDELIBLE_|PG|DATABASE_URL$|NODE_ENV$)/.test(name))
  if (own.length === 0) return []
  return [ok('environment', own.map(([name, value]) => `${name}=${withoutSecrets(value, name)}`).join(' '))]
}

/** The value with all secrets masked: by name, and passwords in URLs. */
export function withoutSecrets(value: unknown, name = ''): unknown {
  if (value === undefined || value === null || typeof value === 'boolean') return value
  if (secretName.test(name)) return mask
  if (typeof value === 'string')
    return value.length > textLengthMax ? mask : value.replace(/(\w+:\/\/[^\s:/@]*):[^\s@]*@/g, `$1:${mask}@`)
  if (typeof value === 'function') return 'function'
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each))
  if (ArrayBuffer.isView(value)) return mask
  if (typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner, key)]))
}

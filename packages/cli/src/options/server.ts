// The options for asking a running server, and the key that it wants to see.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { CliError, fileProblem } from '../errors/index.ts'
import type { Session } from '../session.ts'
import { address } from './arguments.ts'
import { addCommonOptions, type CommonOptions } from './common-options.ts'

export interface ServerOptions {
  readonly url?: URL
  readonly keyFile?: string
}

/** A server to ask. */
export interface ServerToAsk extends ServerOptions {
  readonly url: URL
}

export function addServerOptions(command: Command): Command {
  return command
    .option('--url <url>', 'ask a running server, such as http://127.0.0.1:3000', address('--url'))
    .option(
      '--key-file <file>',
      'a file with the API key or token for --url (default: INDELIBLE_KEY in the environment)',
    )
}

/** Nothing without `--url`. With `--tenant`, everything is asked of that tenant. */
export function serverOf(options: ServerOptions & CommonOptions): ServerToAsk | undefined {
  const { url, keyFile, data, config, tenant } = options
  if (url === undefined) {
    if (keyFile === undefined) return undefined
    throw new CliError('usage', 'A key is for a server. Give --key-file with --url.')
  }
  if (data === undefined && config === undefined)
    return { url: ofTenant(url, tenant), ...(keyFile === undefined ? {} : { keyFile }) }
  throw new CliError('usage', 'A server has its own log and config. Give --url without --data and --config.')
}

function ofTenant(url: URL, tenant: string | undefined): URL {
  if (tenant === undefined) return url
  const inner = new URL(url)
  inner.pathname = `${url.pathname.replace(/\/+$/, '')}/tenants/${tenant}`
  return inner
}

/** The headers that show the key. Nothing without a key: the server may need none. */
export function keyHeaders({ url, keyFile }: ServerToAsk, { cwd, env }: Session): Readonly<Record<string, string>> {
  const key = keyFile === undefined ? env.INDELIBLE_KEY : contentOf(resolve(cwd, keyFile))
  if (key === undefined || key === '') return {}
  const where = keyFile === undefined ? 'INDELIBLE_KEY' : keyFile
  if (!/^[\w.~+/-]+=*$/.test(key))
    throw new CliError('usage', `${where} has no API key or token: give it alone, in one line.`)
  if (url.protocol === 'http:' && !ownNames.includes(url.hostname))
    throw new CliError('usage', `Others could read the key on its way to ${url.origin}. Give a URL with https.`)
  return { Authorization: `Bearer ${key}` }
}

const ownNames = ['localhost', '127.0.0.1', '[::1]']

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new CliError('usage', `The key file ${file} cannot be read: ${fileProblem(cause)}.`, { cause })
  }
}

/** Of commands that ask a running server, or open the log themselves. */
export interface ClientOptions extends CommonOptions, ServerOptions {}

export function addClientOptions(command: Command): Command {
  return addCommonOptions(addServerOptions(command))
}

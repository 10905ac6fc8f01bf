// Imports a config. If that fails, the error says in one line what is wrong.
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AccessOptions } from '../access/index.ts'
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import { messageOf, shown } from '../kernel/shown.ts'
import { faultOfAcceptances } from '../review/finding.ts'
import { catalogName, checkedTenantName } from '../runtime/tenants/names.ts'
import { compatibilityModes, contractRules } from '../schema/gate/judge.ts'
import { type CheckedTenants, checkedTenants } from '../tenants/index.ts'
import type { IndelibleConfig, Openers, OpenOptions, SchemaChecks } from './config.ts'

export interface LoadedConfig extends Required<Omit<IndelibleConfig, 'access' | 'tenants'>> {
  readonly access: AccessOptions | undefined
  /** Undefined where there is one log. */
  readonly tenants: CheckedTenants | undefined
  readonly url: URL
}

/** In the result, `dataDir` is absolute. Throws `config_invalid`. */
export async function loadConfig(url: URL): Promise<LoadedConfig> {
  if (!(url instanceof URL) || url.protocol !== 'file:') throw noFile(url)
  const file = fileURLToPath(url)
  const config = checked(await imported(url, file), file)
  const { system, dataDir = 'data', review = { accepted: [] }, schemas = {}, access, open } = config
  const tenants = config.tenants && checkedTenants(config.tenants)
  return { url, system, dataDir: resolve(dirname(file), dataDir), review, schemas, access, tenants, open }
}

export interface WhatToOpen extends Pick<OpenOptions, 'dataDir' | 'mode'> {
  /** Whose log: needed where there are tenants. `catalog` is the list of them. */
  readonly tenant?: string | undefined
  readonly tenantSystem?: OpenOptions['tenantSystem']
}

/** `dataDir` is that of all tenants. Throws `config_invalid` if `open` fails, `unknown_tenant`, `invalid_tenant_name`. */
export function openers(config: LoadedConfig, { dataDir, mode, tenant, tenantSystem }: WhatToOpen): Openers {
  const { url, open } = config
  const file = fileURLToPath(url)
  const whose = whoseLog(config, tenant)
  try {
    const opened = open({
      dataDir: config.tenants ? directoryOfTenant(dataDir, whose) : dataDir,
      mode,
      tenant: whose,
      tenantSystem: tenantSystem ?? noTenantSystem,
    })
    if (typeof opened?.store === 'function' && typeof opened.tables === 'function') return opened
  } catch (error) {
    if (isIndelibleError(error)) throw error
    throw invalid(file, `cannot be opened, "open" threw: ${messageOf(error)}${placeOf(error)}`, error)
  }
  throw invalid(
    file,
    'cannot be opened: "open" must return the functions "store" and "tables": open: ({ dataDir, mode }) => ({ store: () => …, tables: () => … })',
  )
}

function whoseLog({ url, tenants }: LoadedConfig, tenant: string | undefined): string {
  const file = fileURLToPath(url)
  if (!tenants) {
    if (tenant === undefined) return 'main'
    throw new IndelibleError('unknown_tenant', `${file} declares no tenants, so there is no tenant ${shown(tenant)}.`)
  }
  if (tenant === undefined) throw invalid(file, 'declares tenants: say which one, or open all with openTenants.')
  return tenant === catalogName ? tenant : checkedTenantName(tenant)
}

/** The directory of a tenant, or of the list of tenants. No tenant can have the name of another directory. */
export function directoryOfTenant(dataDir: string, tenant: string): string {
  return tenant === catalogName ? join(dataDir, catalogName) : join(dataDir, 'tenants', checkedTenantName(tenant))
}

/** Tools that inspect send nothing. */
const noTenantSystem: OpenOptions['tenantSystem'] = () => {
  const refuse = async () => {
    throw new IndelibleError('remote_unavailable', 'Other tenants are reached only by a process that runs them.')
  }
  return { send: refuse, claim: refuse, find: refuse, readFeed: refuse }
}

/**
 * Without these, snapshots and checkpoints would be in memory, and after each restart reactions would begin again without any warning, and a changed log would be signed. Throws
 * `config_invalid`.
 */
export function assertKept({ url }: LoadedConfig, opened: Partial<Openers>): void {
  const { snapshots, consumers, proofs, proofFiles } = opened
  const refuse = (missing: string) => {
    throw invalid(
      fileURLToPath(url),
      `cannot be opened: "open" must also return ${missing}, for example those of fileStorage: open: (options) => ({ ...fileStorage(options), tables: () => … })`,
    )
  }
  if (typeof snapshots?.load !== 'function' || typeof consumers?.load !== 'function')
    refuse('"snapshots" and "consumers"')
  if (proofs && typeof proofFiles?.read !== 'function') refuse('"proofFiles", because it returns "proofs"')
}

async function imported(url: URL, file: string): Promise<unknown> {
  if (!existsSync(file)) throw invalid(file, 'does not exist. Name the file that exports your config as default.')
  try {
    const module: { default?: unknown } = await import(/* @vite-ignore */ url.href)
    return module.default
  } catch (error) {
    throw invalid(file, `cannot be loaded: ${messageOf(error)}${placeOf(error)}`, error)
  }
}

function checked(config: unknown, file: string): IndelibleConfig {
  const { system, dataDir, review, schemas, open } = (config ?? {}) as Partial<IndelibleConfig>
  const isDir = dataDir === undefined || (typeof dataDir === 'string' && dataDir !== '')
  const fault = faultOfAcceptances(review?.accepted ?? [])
  if (fault !== undefined) throw invalid(file, `accepts findings of the review in a form that is not known: ${fault}`)
  const problem = problemOfSchemas(schemas)
  if (problem !== undefined) throw invalid(file, `has "schemas" that ${problem}`)
  if (isDir && Array.isArray(system?.aggregates) && typeof open === 'function') return config as IndelibleConfig
  throw invalid(
    file,
    'must export its config as default: export default defineConfig({ system, open }), with a system from defineSystem and a function "open".',
  )
}

/** A misspelt acceptance would accept nothing, and a misspelt mode would judge by another. */
function problemOfSchemas({ mode, accepted = [] }: SchemaChecks = {}): string | undefined {
  if (mode !== undefined && !compatibilityModes.includes(mode))
    return `have the mode ${shown(mode)}. It is one of ${compatibilityModes.join(', ')}.`
  const wrong = accepted.find(
    ({ type, rule, reason }) => !type || !Object.hasOwn(contractRules, rule) || !reason?.trim(),
  )
  if (!wrong) return undefined
  return `accept ${shown(wrong)}: it needs a type, a rule that schema check prints, and a reason.`
}

function noFile(url: unknown): IndelibleError {
  return new IndelibleError(
    'config_invalid',
    `A config must be given as the URL of its file: new URL('./indelible.config.ts', import.meta.url), not as ${shown(String(url))}.`,
  )
}

function invalid(file: string, problem: string, cause?: unknown): IndelibleError {
  return new IndelibleError('config_invalid', `${file} ${problem}`, { details: { file }, cause })
}

/** The first place in a file that the stack names. */
export function placeOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const [, found, position] = stack.match(/(file:\/\/[^\s()]+?)(:\d+(?::\d+)?)\b/) ?? []
  return found === undefined ? '' : ` (${fileURLToPath(found)}${position})`
}

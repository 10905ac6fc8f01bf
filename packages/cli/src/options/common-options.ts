// The options that every command takes, and the log that they point to.
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import {
  checkedTenantName,
  directoryOfTenant,
  type EventStore,
  isIndelibleError,
  type LoadedConfig,
  type Openers,
  openers,
  type ProofFiles,
} from 'indelible'
import { fileStorage, fileStore } from 'indelible/file'
import { CliError } from '../errors/index.ts'
import { type Session, untilInterrupted } from '../session.ts'
import { findConfig } from './config.ts'

export interface CommonOptions {
  readonly data?: string
  readonly config?: string
  /** Whose log, where the config declares tenants. */
  readonly tenant?: string
  readonly json?: boolean
}

export function addCommonOptions(command: Command): Command {
  return command
    .optionsGroup('Options of every command:')
    .option('--data <dir>', 'directory that contains log/ (default: from the config)')
    .option('--config <file>', 'default: the nearest indelible.config.ts, .js or .mjs')
    .option('--tenant <name>', 'whose log, where the config or the server has tenants', tenantName)
    .option('--json', 'print JSON, one object per line; errors too, on stderr')
    .helpOption('-h, --help', 'show this help')
}

/** The directory of the log. With `--data` it does not read a config. */
export async function logDirOf(options: CommonOptions, session: Session): Promise<string> {
  if (options.data === undefined) {
    const config = await systemOf(options, session)
    const tenant = tenantOf(config)
    return join(tenant === undefined ? config.dataDir : directoryOfTenant(config.dataDir, tenant), 'log')
  }
  return join(dataDirGiven(options.data, options, session), 'log')
}

/** The loaded config, and the tenant that was given. `--data` replaces its `dataDir`, which is that of all tenants. */
export async function systemOf(
  { data, config, tenant }: CommonOptions,
  { cwd }: Session,
): Promise<LoadedConfig & Pick<CommonOptions, 'tenant'>> {
  const declared = await findConfig({ cwd, given: config })
  const dataDir = data === undefined ? declared.dataDir : resolve(cwd, data)
  return { ...declared, dataDir, ...(tenant === undefined ? {} : { tenant }) }
}

/** How the config says that everything is opened, to look at it while another process may run it. */
export async function inspectorsOf(options: CommonOptions, session: Session): Promise<LoadedConfig & Openers> {
  const config = await systemOf(options, session)
  const { dataDir } = config
  return { ...config, ...openers(config, { dataDir, mode: 'inspect', tenant: tenantOf(config) }) }
}

/** Throws `usage` where the config declares tenants and none was given, or declares none and one was given. */
function tenantOf({ tenants, tenant }: Pick<LoadedConfig, 'tenants'> & Pick<CommonOptions, 'tenant'>) {
  if ((tenant === undefined) === (tenants === undefined)) return tenant
  if (tenants === undefined) throw new CliError('usage', 'The config declares no tenants. Leave --tenant out.')
  throw new CliError(
    'usage',
    'The config declares tenants, each with a log of its own. Say which one: --tenant NAME. "indelible tenants list" lists them.',
  )
}

function tenantName(text: string): string {
  try {
    return checkedTenantName(text)
  } catch (error) {
    throw isIndelibleError(error) ? new CliError('usage', error.message) : error
  }
}

/** With `--data` alone, without a config. */
function dataDirGiven(data: string, { tenant }: CommonOptions, { cwd }: Session): string {
  const dataDir = resolve(cwd, data)
  return tenant === undefined ? dataDir : directoryOfTenant(dataDir, tenant)
}

/** Opens the log for reading: as the config says, or with `--data` alone the files there. */
export async function openLog(options: CommonOptions, session: Session): Promise<EventStore> {
  if (options.data !== undefined && options.config === undefined)
    return await untilOpen(fileStore({ dir: await logDirOf(options, session), access: 'read' }), session)
  const { store } = await inspectorsOf(options, session)
  return await untilOpen(store(), session)
}

/** The log, and what is kept of its Merkle tree. */
export async function openTree(
  options: CommonOptions,
  session: Session,
): Promise<{ readonly store: EventStore; readonly files: ProofFiles }> {
  const files = await proofFilesOf(options, session)
  return { store: await openLog(options, session), files }
}

/** As the config says, or with `--data` alone the files there. */
export async function proofFilesOf(options: CommonOptions, session: Session): Promise<ProofFiles> {
  if (options.data !== undefined && options.config === undefined) {
    const dataDir = dataDirGiven(options.data, options, session)
    return fileStorage({ dataDir, mode: 'inspect' }).proofFiles
  }
  const { proofFiles, dataDir } = await inspectorsOf(options, session)
  return proofFiles ?? fileStorage({ dataDir, mode: 'inspect' }).proofFiles
}

export async function untilOpen<Opened extends { close(): Promise<void> }>(
  opening: Promise<Opened>,
  { signal }: Session,
): Promise<Opened> {
  return untilInterrupted(opening, signal).catch((error) => {
    // Interrupted: no caller gets the store, so close it here.
    opening.then(
      (opened) => opened.close(),
      () => {},
    )
    throw error
  })
}

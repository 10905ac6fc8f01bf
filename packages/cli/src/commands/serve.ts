// `indelible serve`: runs the system of a config and serves it over HTTP. `indelible dev`: the same in memory, again after each change of the code.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import {
  drainMsDefault,
  type HttpServer,
  type LogFormat,
  type OperatorLog,
  operatorLog,
  serve as serveHttp,
  serverOptionsIn,
} from '@indelible/server'
import { type Command, Option } from 'commander'
import {
  catalogName,
  type LoadedConfig,
  type OpenOptions,
  openers,
  openSystem,
  openTenants,
  type RunningSystem,
  startSystem,
  startTenants,
  type Tenants,
} from 'indelible'
import { CliError } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import { addCommonOptions, type CommonOptions, several, systemOf, wholeNumber } from '../options/index.ts'
import { jsonLine } from '../output/index.ts'
import type { Session } from '../session.ts'

interface ServeOptions extends CommonOptions {
  readonly port?: number
  readonly host?: string
  readonly allowedHost?: readonly string[]
  readonly log: LogFormat
  readonly logRequests?: boolean
  readonly inMemory?: boolean
  readonly drainMs: number
}

export function addServe(program: Command, session: Session): void {
  const command = addCommand(program, 'serve', {
    summary: 'run the system and serve it over HTTP',
    about:
      'Open everything as the config says, run the system, and serve it over HTTP until Ctrl-C or SIGTERM. ' +
      'Who may ask, the certificate, host and port stand in the config, beside the system: export const server = defineServer({ identities: [apiKeys()], ' +
      'tls: { certFile, keyFile } }). Without identities it listens on this machine only, and believes everyone. SIGHUP reads the certificate again; it is also ' +
      'read when its files change.',
    examples: [
      ['indelible serve', 'the config found here, on http://127.0.0.1:3000'],
      ['indelible serve --data /var/lib/bank --port 8080', 'with another data directory and port'],
      ['indelible serve --in-memory', 'keeps nothing: to try something'],
      ['indelible serve --log json --log-requests', 'one line of JSON for each notice, fault and request, on stderr'],
    ],
  })
  addServeOptions(command)
    .option(
      '--in-memory',
      'keep everything in memory instead, and forget it at the end; without identities and TLS, on this machine only',
    )
    .option(
      '--drain-ms <number>',
      'at SIGTERM, how long /readyz answers 503 before the server closes; 0 if nobody asks /readyz',
      wholeNumber('--drain-ms', 'a time in milliseconds', 0),
      drainMsDefault,
    )
  addCommonOptions(command).action(() => serve(command.optsWithGlobals(), session))
}

export function addDev(program: Command, session: Session): void {
  const command = addCommand(program, 'dev', {
    summary: 'serve in memory, and restart after each change',
    about:
      'Run the system in memory and serve it over HTTP. After each change of the config or of a module that it imports, it starts again, empty.',
    examples: [['indelible dev', 'the config found here, on http://127.0.0.1:3000']],
  })
  addServeOptions(command)
  addCommonOptions(command).action(() => dev(command.optsWithGlobals(), session))
}

function addServeOptions(command: Command): Command {
  return command
    .option(
      '--port <number>',
      'the port to listen on, 0 for any free one (default: of the config, or 3000)',
      wholeNumber('--port', 'a port', 0),
    )
    .option('--host <address>', 'the address to listen on (default: of the config, or 127.0.0.1)')
    .option('--allowed-host <name>', 'a host name that clients use for this server (may be repeated)', several)
    .addOption(
      new Option('--log <format>', 'how notices and faults are written to stderr')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('--log-requests', 'write a line for each request too')
}

async function serve(options: ServeOptions, session: Session): Promise<void> {
  const { out, interrupted } = session
  const config = await systemOf(options, session)
  const { url, system, dataDir } = config
  const configured = await serverOptionsIn(url)
  const { onNotice, onError, onRequest } = operatorLog({
    format: options.log,
    write: (line) => void session.errors.write(line),
  })
  if (options.tenant !== undefined)
    throw new CliError('usage', 'A server serves all tenants, each below /tenants/NAME. Leave --tenant out.')
  const running = await opened(config, { inMemory: options.inMemory === true, onNotice })
  try {
    const { host, port, allowedHost = [] } = options
    // In memory there are no keys, and nothing to protect.
    const { identities: _, tls: __, host: ___, ...open } = configured
    const server = await serveHttp(running, {
      ...(options.inMemory ? open : configured),
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      allowedHosts: [...(configured.allowedHosts ?? []), ...allowedHost],
      onNotice,
      onError,
      ...(options.logRequests ? { onRequest } : {}),
    })
    const stopReloading = server.url.startsWith('http:') ? () => {} : reloadingOnHangUp(server, onNotice)
    const place = options.inMemory ? 'in memory' : `data in ${dataDir}`
    await out.write(
      options.json
        ? `${jsonLine({ url: server.url, system: system.name, dataDir: options.inMemory ? null : dataDir })}\n`
        : `${system.name} is served at ${server.url} (${place}). Ctrl-C ends it.\n`,
    )
    if (!interrupted.aborted) await once(interrupted, 'abort')
    stopReloading()
    onNotice({ kind: 'closing' })
    // A person who presses Ctrl-C does not wait for a load balancer.
    await server.close({ drainMs: (interrupted.reason as Error).message === 'SIGTERM' ? options.drainMs : 0 })
    onNotice({ kind: 'closed' })
  } finally {
    await running.close()
  }
}

/** Returns a function that ends it. */
function reloadingOnHangUp(server: HttpServer, onNotice: OperatorLog['onNotice']): () => void {
  const reload = () => {
    try {
      server.reloadCertificate()
    } catch (error) {
      onNotice({ kind: 'certificate kept', message: (error as Error).message })
    }
  }
  process.on('SIGHUP', reload)
  return () => void process.off('SIGHUP', reload)
}

async function opened(
  config: LoadedConfig,
  { inMemory, onNotice }: { readonly inMemory: boolean; readonly onNotice: OperatorLog['onNotice'] },
): Promise<RunningSystem | Tenants> {
  const { url, system, dataDir, access, tenants } = config
  if (!inMemory) return await (tenants ? openTenants : openSystem)(url, { dataDir, onNotice })
  const besides = (whose: Partial<Pick<OpenOptions, 'tenant' | 'tenantSystem'>> = {}) => {
    const { remotes = {}, audit, telemetry } = openers(config, { dataDir, mode: 'run', ...whose })
    return { remotes, audit, telemetry }
  }
  if (!tenants) return startSystem(system, { ...besides(), access, onNotice })
  const open = (whose: Pick<OpenOptions, 'tenant' | 'tenantSystem'>) => {
    const { telemetry: _, ...others } = besides(whose)
    return others
  }
  const { measured, ...limits } = tenants
  return await startTenants(system, {
    tenants: { ...limits, ...(measured === undefined ? {} : { measured }) },
    access,
    telemetry: besides({ tenant: catalogName }).telemetry,
    onNotice,
    open,
  })
}

/** Node watches the modules that were imported, and starts the process again. */
async function dev(
  { port, host, allowedHost = [], config, log, logRequests }: ServeOptions,
  { interrupted }: Session,
): Promise<void> {
  const binary = fileURLToPath(new URL('../../bin/indelible.js', import.meta.url))
  const names = allowedHost.flatMap((name) => ['--allowed-host', name])
  const args = [
    'serve',
    '--in-memory',
    '--drain-ms',
    '0',
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(host === undefined ? [] : ['--host', host]),
    ...names,
    '--log',
    log,
    ...(logRequests ? ['--log-requests'] : []),
    ...(config ? ['--config', config] : []),
  ]
  const watching = spawn(
    process.execPath,
    [...process.execArgv, '--watch', '--watch-preserve-output', binary, ...args],
    {
      stdio: 'inherit',
    },
  )
  const end = () => watching.kill('SIGTERM')
  interrupted.addEventListener('abort', end)
  await once(watching, 'exit')
  interrupted.removeEventListener('abort', end)
}

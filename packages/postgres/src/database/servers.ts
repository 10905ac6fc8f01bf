// Several servers in one connection string, as libpq has it (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS). One of them takes
// writes, and after a failover another one: every new connection goes to the one that does, and connections to others are given up.
import { IndelibleError } from 'indelible'
import { serverConnectMsMax, serverDoubtMs } from '../limits.ts'

interface Server {
  readonly host: string
  readonly port: number
}

/** A connection of the driver, as far as we use one that is of no pool. */
export interface PgConnection {
  host: string
  port: number
  readonly connection: {
    readonly stream: { destroy(error?: Error): void }
    on(event: 'parameterStatus', listener: (status: { parameterName: string; parameterValue: string }) => void): void
  }
  on(event: 'error' | 'end' | 'drain', listener: () => void): void
  on(event: 'notification', listener: (message: { payload?: string }) => void): void
  connect(): Promise<unknown>
  query(...statement: unknown[]): Promise<unknown>
  end(): Promise<void>
}

export type ClientClass = new (options: object) => PgConnection

/**
 * For a connection string of several servers, a class of clients that connect to the one that takes writes, and the options for them. Otherwise what was given.
 * Throws `invalid_declaration` if something else than writing is wanted.
 */
export function writableServer<Options extends { readonly connectionString: string }>(
  Client: ClientClass,
  options: Options,
): { readonly Client: ClientClass; readonly options: Options } {
  const { servers, connectionString } = serversOf(options.connectionString)
  if (servers.length === 1) return { Client, options }
  const one = { ...options, connectionString }
  const connected = new Map<PgConnection, Server>()
  let choosing: Promise<Server> | undefined

  /** The one that takes writes now. Connections that begin at the same time ask once. */
  function choose(): Promise<Server> {
    choosing ??= firstOf(servers, (server) => takesWrites(Client, one, server)).finally(() => {
      choosing = undefined
    })
    return choosing
  }

  /** A machine that is gone tells nobody: a connection to it would wait for an answer for a long time. */
  async function giveUpOthers(): Promise<void> {
    const server = await choose()
    for (const [client, { host, port }] of connected) {
      if (server.host === host && server.port === port) continue
      client.connection.stream.destroy(
        new Error(`${host}:${port} is not the primary any more, but ${server.host}:${server.port}.`),
      )
    }
  }

  class WritableClient extends Client {
    #doubt: NodeJS.Timeout | undefined

    override connect(callback?: (error: unknown) => void): Promise<unknown> {
      const connecting = this.#connect()
      if (callback === undefined) return connecting
      connecting.then(() => callback(undefined), callback)
      return Promise.resolve()
    }

    async #connect(): Promise<void> {
      const server = await choose()
      Object.assign(this, server)
      this.on('drain', () => this.#trust())
      this.on('end', () => {
        this.#trust()
        connected.delete(this)
      })
      await super.connect()
      connected.set(this, server)
    }

    override query(...statement: unknown[]): Promise<unknown> {
      this.#doubt ??= setInterval(() => void giveUpOthers().catch(() => {}), serverDoubtMs)
      return super.query(...statement)
    }

    /** Whatever it waited for has come. */
    #trust(): void {
      clearInterval(this.#doubt)
      this.#doubt = undefined
    }
  }
  return { Client: WritableClient, options: one }
}

/** The servers of a connection string, and the string with the first one alone. */
function serversOf(text: string): { servers: readonly Server[]; connectionString: string } {
  const [, scheme = '', hosts = '', rest = ''] = /^(postgres(?:ql)?:\/\/(?:[^@/?]*@)?)([^/?]*)(.*)$/s.exec(text) ?? []
  const all = hosts.split(',')
  if (all.length === 1) return { servers: [{ host: '', port: 0 }], connectionString: text }
  const wanted = /[?&]target_session_attrs=([^&]*)/.exec(rest)?.[1] ?? 'read-write'
  if (!['read-write', 'primary'].includes(wanted)) {
    const message = `The connection string asks for target_session_attrs=${wanted}. Of several servers, only the one that takes writes can be used: leave it out.`
    throw new IndelibleError('invalid_declaration', message, { details: { wanted } })
  }
  const servers = all.map((each) => {
    const { hostname, port } = new URL(`postgres://${each}`)
    return { host: hostname.replace(/^\[(.+)\]$/, '$1'), port: port === '' ? 5432 : Number(port) }
  })
  return { servers, connectionString: `${scheme}${all[0]}${rest}` }
}

/** A server says at the start of a connection whether it takes writes (Postgres 14). */
async function takesWrites(Client: ClientClass, options: object, server: Server): Promise<void> {
  const client = Object.assign(new Client({ ...options, connectionTimeoutMillis: serverConnectMsMax }), server)
  client.on('error', () => {})
  const refusals: string[] = []
  client.connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    if (['in_hot_standby', 'default_transaction_read_only'].includes(parameterName) && parameterValue === 'on') {
      refusals.push(parameterName)
    }
  })
  try {
    await client.connect()
  } finally {
    client.end().catch(() => {})
  }
  if (refusals.length > 0) throw new Error(`It takes no writes: ${refusals.join(', ')}.`)
}

/** The first server that passes. */
async function firstOf(servers: readonly Server[], passes: (server: Server) => Promise<void>): Promise<Server> {
  const tries = servers.map(async (server) => {
    try {
      await passes(server)
      return server
    } catch (cause) {
      throw new Error(`${server.host}:${server.port}: ${cause instanceof Error ? cause.message : cause}`, { cause })
    }
  })
  try {
    return await Promise.any(tries)
  } catch (error) {
    const { errors } = error as AggregateError
    throw new AggregateError(
      errors,
      `None of the servers takes writes. ${errors.map(({ message }) => message).join('; ')}`,
    )
  }
}

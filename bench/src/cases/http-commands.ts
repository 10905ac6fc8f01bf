// Commands over HTTP: each is durable before it is answered. The server is one process, and the clients are another.
import { atLeast, type BenchCase, type BenchContext, type Row, type Scale, sized } from '../case.ts'
import { check } from '../check.ts'
import { startChild } from '../children.ts'
import { closedLoop } from '../closed-loop.ts'
import { type HttpConnection, httpConnection, postRequest } from '../http-client.ts'
import { median } from '../rounds.ts'

const body = JSON.stringify({ amount: 5 })

export const httpCommands: BenchCase = {
  name: 'http-commands',
  summary: 'commands over HTTP at 64 and 256 connections, durable, beside a handler that does nothing',
  async *run(context) {
    const { scale } = context
    for (const clients of [64, 256]) {
      const rounds = { ours: [] as Figures[], bare: [] as Figures[], emmett: [] as Figures[] }
      const modules = context.modulesOf('emmett-express')
      const turns = [
        async () => void rounds.ours.push(await measured(ofOurs('ours', context), clients, scale)),
        async () => void rounds.bare.push(await measured(ofOurs('bare', context), clients, scale)),
        async () => modules && void rounds.emmett.push(await emmett(modules, clients, context)),
      ]
      for (let round = 0; round < context.rounds; round++) {
        for (let turn = 0; turn < turns.length; turn++) await turns[(round + turn) % turns.length]!()
        const told = Object.entries(rounds).flatMap(([name, all]) =>
          all.slice(-1).map(({ rate }) => `${name} ${rate.toFixed(0)}/s`),
        )
        context.progress(`${clients} connections, round ${round + 1}: ${told.join(', ')}`)
      }
      yield row(clients, rounds, context)
    }
  },
}

function row(
  clients: number,
  rounds: Readonly<Record<'ours' | 'bare' | 'emmett', readonly Figures[]>>,
  { scale }: BenchContext,
): Row {
  const rateOf = (all: readonly Figures[]) => median(all.map(({ rate }) => rate))
  const cpuOf = (all: readonly Figures[]) => Math.round(median(all.map(({ cpuUs }) => cpuUs)))
  const [ours, limit] = [rateOf(rounds.ours), rateOf(rounds.bare)]
  return {
    case: httpCommands.name,
    configuration: `${clients} connections`,
    unit: 'commands/s',
    ours,
    limit,
    peers: rounds.emmett.length === 0 ? {} : { 'emmett-express': rateOf(rounds.emmett) },
    targets: [atLeast('0.5 of the limit', ours, limit / 2)],
    conditions: {
      events: 1,
      payloadBytes: body.length,
      clients,
      sync: 'every command; the limit writes nothing',
      seconds: windowOf(scale) / 1000,
      serverCpuUs: cpuOf(rounds.ours),
      serverCpuUsOfLimit: cpuOf(rounds.bare),
    },
  }
}

function windowOf(scale: BenchContext['scale']): number {
  return sized(scale, { full: 10_000, quick: 2_000, tiny: 150 })
}

function ofOurs(which: 'ours' | 'bare', context: BenchContext): Served {
  const path = (client: number) => `/commands/account/${client}/Deposit`
  return { script: 'http-commands.ts', args: [which, context.scratch(`http-${which}`)], path }
}

async function emmett(modulesDir: string, clients: number, { database, scale }: BenchContext): Promise<Figures> {
  const { connectionString, drop } = await database()
  const path = (client: number) => `/accounts/${client}/deposits`
  try {
    return await measured({ script: 'emmett-express.ts', args: [modulesDir, connectionString], path }, clients, scale)
  } finally {
    await drop()
  }
}

interface Figures {
  readonly rate: number
  /** Of the server, for each command. */
  readonly cpuUs: number
}

type Served = { readonly script: string; readonly args: readonly string[]; readonly path: (client: number) => string }

async function measured({ script, args, path }: Served, clients: number, scale: Scale): Promise<Figures> {
  const child = startChild(script, args)
  const { port } = await child.report()
  const { rate, asked } = await flood(port!, { clients, path }, scale)
  const { events, cpuUs = 0 } = await child.ask()
  check(events === asked, `${asked} commands make as many events, not ${events}`)
  await child.ended()
  return { rate, cpuUs: cpuUs / asked }
}

interface Asked {
  readonly clients: number
  readonly path: (client: number) => string
}

async function flood(port: number, { clients, path }: Asked, scale: Scale) {
  const connections = await Promise.all(Array.from({ length: clients }, () => httpConnection(port)))
  const requests = connections.map((_, client) => postRequest(path(client), body))
  const measureMs = windowOf(scale)
  const { rate, turns } = await closedLoop(
    { clients, warmupMs: measureMs / 4, measureMs, actsPerLook: 16 },
    async (client) => {
      const { status, body } = await (connections[client] as HttpConnection).ask(requests[client]!)
      check(status === 200 || status === 204, `a command is answered with success, not ${status}: ${body}`)
    },
  )
  for (const connection of connections) connection.close()
  return { rate, asked: turns.reduce((sum, each) => sum + each, 0) }
}

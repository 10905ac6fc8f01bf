// Machines that can be killed, frozen and cut off: each has its own process ids and its own network. They end with our process, whatever ends it.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Joins machines with each other and with us. */
export class Network {
  readonly #hub: ChildProcess
  /** All addresses begin with this. */
  readonly prefix: string

  private constructor(hub: ChildProcess, prefix: string) {
    this.#hub = hub
    this.prefix = prefix
  }

  static async start(log: string): Promise<Network> {
    const hub = await isolated('exec sleep infinity', log)
    const used = new Set(Object.keys(networkInterfaces()))
    const index = randomInt(256)
    // A range for tests of networks (RFC 2544).
    const network = new Network(hub, `198.18.${index}`)
    const name = `indelible${index}`
    try {
      if (used.has(name)) throw new Error(`The network ${name} exists already.`)
      await run('sh', [
        '-ec',
        `ip link add ${name} type veth peer name outside netns ${hub.pid}
         ip address add ${network.prefix}.254/24 dev ${name}
         ip link set ${name} up`,
      ])
      await network.#run('ip link add hub type bridge; ip link set hub up; ip link set outside up master hub')
    } catch (error) {
      await network.remove()
      throw error
    }
    return network
  }

  /** Starts a machine whose address ends with this number, from 1 to 253. It lives until the script ends. */
  async boot(number: number, { script, log }: { script: string; log: string }): Promise<Machine> {
    const child = await isolated(`read joined; ${script}`, log)
    await this.#run(`ip link add port${number} type veth peer name eth0 netns ${child.pid}`)
    await this.join(number)
    await inNetworkOf(
      child,
      `ip address add ${this.prefix}.${number}/24 dev eth0; ip link set eth0 up; ip link set lo up`,
    )
    child.stdin!.end('\n')
    return new Machine(child)
  }

  /** Lets no packet of a machine through, as if its cable were cut: nobody is told. */
  async cut(number: number): Promise<void> {
    await this.#run(`ip link set port${number} nomaster`)
  }

  /** Sends what a machine sends to others to nobody, and nobody is told. We still reach it. */
  async separate(machine: Machine, others: readonly number[]): Promise<void> {
    const nobody = 'lladdr 02:00:00:00:00:00 dev eth0 nud permanent'
    await machine.run(others.map((other) => `ip neighbour replace ${this.prefix}.${other} ${nobody}`).join('; '))
  }

  async unite(machine: Machine, others: readonly number[]): Promise<void> {
    await machine.run(others.map((other) => `ip neighbour delete ${this.prefix}.${other} dev eth0 || true`).join('; '))
  }

  async join(number: number): Promise<void> {
    await this.#run(`ip link set port${number} up master hub`)
  }

  remove(): Promise<void> {
    return killed(this.#hub)
  }

  async #run(script: string): Promise<void> {
    await inNetworkOf(this.#hub, script)
  }
}

export class Machine {
  readonly #child: ChildProcess

  constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Runs a script of root in its network. */
  async run(script: string): Promise<void> {
    await inNetworkOf(this.#child, script)
  }

  /** Ends everything on it at once. */
  kill(): Promise<void> {
    return killed(this.#child)
  }

  /** Asks the programs with such a command line to end, and waits for their end, for some time. */
  async end(commandLine: RegExp, msMax: number): Promise<void> {
    const all = this.#like(commandLine)
    for (const pid of all) ofProcess(() => process.kill(pid, 'SIGTERM'))
    const until = performance.now() + msMax
    while (performance.now() < until && this.#pids().some((pid) => all.includes(pid))) await pause(20)
  }

  /** Kills one program with such a command line. */
  killOne(commandLine: RegExp): void {
    const [pid] = this.#like(commandLine)
    if (pid === undefined) throw new Error(`Nothing runs like ${commandLine}.`)
    ofProcess(() => process.kill(pid, 'SIGKILL'))
  }

  /** Nothing on it runs, as while a virtual machine is moved. */
  freeze(): void {
    // One may start another before it stops.
    for (let before = -1, all = this.#pids(); all.length > before; before = all.length, all = this.#pids()) {
      for (const pid of all) ofProcess(() => process.kill(pid, 'SIGSTOP'))
    }
  }

  thaw(): void {
    for (const pid of this.#pids()) ofProcess(() => process.kill(pid, 'SIGCONT'))
  }

  #like(commandLine: RegExp): number[] {
    const textOf = (pid: number) => ofProcess(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))
    return this.#pids().filter((pid) => commandLine.test(textOf(pid) ?? ''))
  }

  /** The ids of all processes on it, as they are outside of it. */
  #pids(): number[] {
    const own = ofProcess(() => readlinkSync(`/proc/${this.#child.pid}/ns/pid_for_children`))
    const all = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
    return own === undefined ? [] : all.filter((pid) => ofProcess(() => readlinkSync(`/proc/${pid}/ns/pid`)) === own)
  }
}

/** Runs a script with process ids and a network of its own. The kernel kills all of it with the outermost process, and that one with us. */
async function isolated(script: string, log: string): Promise<ChildProcess> {
  const output = openSync(log, 'a')
  const isolate = [
    'unshare',
    '--net',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    'sh',
    '-c',
    `echo up; exec >&2; ${script}`,
  ]
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...isolate], { stdio: ['pipe', 'pipe', output] })
  closeSync(output)
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`A machine did not start, see ${log}.`)))
  ended.catch(() => {})
  await Promise.race([once(child.stdout!, 'data'), ended])
  return child
}

function inNetworkOf(machine: ChildProcess, script: string) {
  return run('nsenter', ['--target', String(machine.pid), '--net', 'sh', '-ec', script])
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** Undefined if the process has ended meanwhile, or is none of ours to look at. */
function ofProcess<Result>(look: () => Result): Result | undefined {
  try {
    return look()
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

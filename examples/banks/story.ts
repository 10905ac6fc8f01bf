// The story of two banks, told as it happens: what goes well, what is refused, and what happens while the partner is down, cut off or killed.
import { setTimeout as sleep } from 'node:timers/promises'
import { formatMoney } from '../bank/money.ts'
import { type Answer, ask, tell, untilDone } from './ask-bank.ts'
import { moneyOf } from './money-of.ts'
import { type TwoBanks, twoBanks } from './two-banks.ts'

export interface StoryOptions {
  /** The folder of both logs. */
  readonly data: string
  readonly write: (line: string) => void
  /** Ends the story early, and both banks with it. */
  readonly signal: AbortSignal
}

/** Throws where the story does not end as it must. */
export async function tellStory({ data, write, signal }: StoryOptions): Promise<void> {
  const banks = await twoBanks(data)
  try {
    await new Story(banks, write, signal).tell()
  } finally {
    await banks.close('SIGTERM')
  }
}

class Story {
  readonly #banks: TwoBanks
  readonly #write: (line: string) => void
  readonly #signal: AbortSignal
  /** Transfers of an earlier story in the same folder have other ids. */
  readonly #run = Date.now().toString(36)
  #count = 0

  constructor(banks: TwoBanks, write: (line: string) => void, signal: AbortSignal) {
    this.#banks = banks
    this.#write = write
    this.#signal = signal
  }

  async tell(): Promise<void> {
    const { near, far, network } = this.#banks
    this.#write(`Bank A is open at ${near.url}, bank B at ${far.url}. Each has a process and a log of its own.`)
    await this.#open()

    this.#chapter('A transfer. B receives it, and A hears from the event feed of B that it was credited.')
    await this.#ends(await this.#sends('ben', 200_00), 'completed')
    this.#chapter('An instant transfer. B says at once that it was credited.')
    await this.#ends(await this.#sends('ben', 50_00, true), 'completed')

    this.#chapter('A transfer to an account that B does not know. B returns it, and A reverses the withdrawal.')
    await this.#ends(await this.#sends('nobody', 75_00), 'compensated')

    this.#chapter('B is closed for a while. The transfer waits.')
    await far.end('SIGTERM')
    const waiting = await this.#sends('ben', 100_00)
    await this.#showsWhereItIs(waiting)
    this.#say('B opens again.')
    await far.start()
    await this.#ends(waiting, 'completed')

    this.#chapter(
      'The network is cut. An instant transfer is not taken back before B has promised not to carry it out.',
    )
    network.cut()
    const late = await this.#sends('ben', 25_00, true)
    await pause(11_000, this.#signal)
    await this.#showsWhereItIs(late)
    this.#say('The network is there again.')
    network.join()
    await this.#ends(late, 'compensated')

    this.#chapter('Twenty transfers, and B is killed in the middle of them.')
    const many = await Promise.all(Array.from({ length: 20 }, (_, n) => this.#sends('ben', 1_00, n % 2 === 0, true)))
    await pause(30, this.#signal)
    await far.end('SIGKILL')
    this.#say('B was killed.')
    await far.start()
    this.#say('B is open again, on its log.')
    const ends = await Promise.all(many.map((id) => this.#end(id)))
    if (ends.some(({ body }) => body.status !== 'completed')) throw new Error('A transfer did not complete.')
    this.#say('All twenty were credited, each once.')
    await this.#balances()

    const { onAccounts, inFlight, wrong } = await moneyOf(near.dataDir, far.dataDir)
    if (wrong.length > 0) throw new Error(`Something was paid twice: ${wrong.join('; ')}`)
    this.#write('')
    this.#write(`By both logs: ${formatMoney(onAccounts)} on all accounts, ${formatMoney(inFlight)} in flight.`)
  }

  async #open(): Promise<void> {
    const { near, far } = this.#banks
    await told(near.url, 'account/ann/OpenAccount', { owner: 'Ann' }, 'open ann')
    await told(far.url, 'account/ben/OpenAccount', { owner: 'Ben' }, 'open ben')
    await told(near.url, 'account/ann/DepositFunds', { amount: 1_000_00 }, `fund ann ${this.#run}`)
    await this.#balances()
  }

  async #sends(to: string, amount: number, isInstant = false, isQuiet = false): Promise<string> {
    const id = `${this.#run}-${++this.#count}`
    await told(this.#banks.near.url, `remittance/${id}/RequestRemittance`, { from: 'ann', to, amount, isInstant }, id)
    if (!isQuiet) this.#say(`Ann sends ${formatMoney(amount)} to ${to} at bank B.`)
    return id
  }

  async #ends(id: string, how: 'completed' | 'compensated'): Promise<void> {
    const { body } = await this.#end(id)
    if (body.status !== how) throw new Error(`Transfer ${id} is ${body.status}, not ${how}: ${JSON.stringify(body)}`)
    const why = body.failure ? ` (${body.failure.reason})` : ''
    this.#say(how === 'completed' ? 'It was credited.' : `It was taken back${why}.`)
    await this.#balances()
  }

  async #end(id: string): Promise<Answer> {
    for (;;) {
      const answer = await untilDone(
        () => ask(this.#banks.near.url, `/sagas/remittance/${id}?waitMs=10000`),
        this.#signal,
      )
      if (['completed', 'compensated'].includes(answer.body.status)) return answer
    }
  }

  async #showsWhereItIs(id: string): Promise<void> {
    const { url } = this.#banks.near
    const waits = async () => (await ask(url, `/sagas/remittance/${id}`)).body.pending?.[0]?.step as string | undefined
    while ((await waits()) === undefined || (await waits()) === 'withdraw') await pause(20, this.#signal)
    const { body } = await ask(url, '/consumers/partner')
    this.#say(
      `A waits in step ${await waits()}. Of B it says: ${body.state}${body.error ? `, ${body.error.message}` : '.'}`,
    )
    await this.#balances()
  }

  async #balances(): Promise<void> {
    const { near, far } = this.#banks
    const has = async (bank: typeof near, id: string, name: string) =>
      bank.isRunning
        ? `${name} has ${formatMoney((await ask(bank.url, `/aggregates/account/${id}`)).body.state.balance)}.`
        : 'closed.'
    this.#say(`A: ${await has(near, 'ann', 'Ann')}  B: ${await has(far, 'ben', 'Ben')}`)
  }

  #chapter(title: string): void {
    this.#write('')
    this.#write(title)
  }

  #say(line: string): void {
    this.#write(`  ${line}`)
  }
}

async function told(...sent: Parameters<typeof tell>): Promise<void> {
  const { status, body } = await tell(...sent)
  if (status !== 200 && !['AccountExists'].includes(body.reason))
    throw new Error(`${sent[1]} was answered ${status}: ${JSON.stringify(body)}`)
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal })
}

// `bank serve`: the bank on 127.0.0.1 with everything embedded, and five lines to try it with.
import { serve } from '@indelible/server'
import { openBank } from './open-bank.ts'
import { seed } from './seed.ts'

export interface ServeOptions {
  readonly data: string
  readonly port: number
  readonly database?: string
}

/** Resolves when the bank is being served; SIGINT and SIGTERM end it in order. */
export async function serveBank({ data, port, database }: ServeOptions): Promise<void> {
  const bank = await openBank({ dataDir: data, database })
  try {
    await seed(bank, Date.now())
    const server = await serve(bank, { host: '127.0.0.1', port })
    console.log(welcome(server.url, data))
    let isStopping = false
    const stop = async () => {
      if (isStopping) return
      isStopping = true
      await server.close()
      await bank.close()
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
  } catch (error) {
    await bank.close()
    throw error
  }
}

function welcome(url: string, data: string): string {
  const lastWeek = new Date(Date.now() - 7 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10)
  const post = (path: string, body: object) =>
    `curl -s ${url}/commands/${path} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`
  return `The bank is open at ${url} (its log is in ${data}/log; Ctrl-C closes it). Five things to try:

A withdrawal that is refused, with the balance:
  ${post('account/ann/WithdrawFunds', { amount: 99_999_00 })}
A transfer, and what became of it:
  ${post('transfer/t1/RequestTransfer', { from: 'ann', to: 'ben', amount: 50_00 })}; curl -s '${url}/sagas/transfer/t1?waitMs=2000'
A transfer to a closed account, which is compensated:
  ${post('transfer/t2/RequestTransfer', { from: 'ann', to: 'cora', amount: 50_00 })}; curl -s '${url}/sagas/transfer/t2?waitMs=2000'
The state last week:
  curl -s '${url}/aggregates/account/ann?validAt=${lastWeek}'
A read that waits for its own write:
  curl -s "${url}/tables/account_balances?waitFor=$(${post('account/ann/DepositFunds', { amount: 1_00 })} | sed 's/.*"position":\\([0-9]*\\).*/\\1/')"
`
}

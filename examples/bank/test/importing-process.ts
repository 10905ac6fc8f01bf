// The process that the kill test kills: an import that immediately prints what was acknowledged.
import { writeSync } from 'node:fs'
import { check } from '../import/check.ts'
import { readCzechBank } from '../import/czech-bank.ts'
import { accountHistories, replay } from '../import/replay.ts'
import { openBank } from '../open-bank.ts'
import { accountBalances } from '../projections/account-balances.ts'
import { accountStatement } from '../projections/account-statement.ts'

const [from, dataDir] = process.argv.slice(2)
const histories = accountHistories(await readCzechBank(from!))
const bank = await openBank({ dataDir: dataDir! })
const { adjustments } = await replay(bank, histories, {
  onAcknowledged: ({ commandId, position, duplicate }) =>
    tell(`${commandId} ${position} ${duplicate ? 'again' : 'new'}`),
})
const { position } = await bank.store.head()
for (const projection of [accountBalances, accountStatement])
  await bank.waitFor(projection, position, { timeoutMs: 60_000 })
tell(`done ${JSON.stringify({ ...(await check(bank, histories)), adjustments })}`)
await bank.close()

/** Synchronous: when it returns, the other process has the line, whatever happens to this one. */
function tell(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`)
      return
    } catch (error) {
      // The pipe is full, because the other process is slower for a moment.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

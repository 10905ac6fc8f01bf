// The process that the kill test kills: an import that says on standard output, at once, what was acknowledged.
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
  // A synchronous write: when it returns, the line is with the other process, whatever happens to this one.
  onAcknowledged: ({ commandId, position, duplicate }) =>
    writeSync(1, `${commandId} ${position} ${duplicate ? 'again' : 'new'}\n`),
})
const { position } = await bank.store.head()
for (const projection of [accountBalances, accountStatement])
  await bank.waitFor(projection, position, { timeoutMs: 60_000 })
writeSync(1, `done ${JSON.stringify({ ...(await check(bank, histories)), adjustments, events: position })}\n`)
await bank.close()

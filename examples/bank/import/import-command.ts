// `bank import`: read the files, replay them, wait for the read tables, check everything, report.
import { openBank } from '../open-bank.ts'
import { accountBalances } from '../projections/account-balances.ts'
import { accountStatement } from '../projections/account-statement.ts'
import { type CheckResult, check } from './check.ts'
import { readCzechBank } from './czech-bank.ts'
import { importProgress } from './progress.ts'
import { accountHistories, replay } from './replay.ts'

export interface ImportOptions {
  readonly from: string
  readonly data: string
  readonly database?: string
  readonly json?: boolean
}

interface ImportReport extends CheckResult {
  readonly accounts: number
  readonly transactions: number
  readonly adjustments: number
  readonly seconds: number
}

/** The read tables are given this long to catch up after the last command. */
const catchUpMsMax = 10 * 60_000

/** Sets the exit code to 1 where a balance differs from the bank's. Throws `BadInput` before anything is imported. */
export async function importCzechBank({ from, data, database, json }: ImportOptions): Promise<void> {
  const startedAt = performance.now()
  const { accounts, transactions } = await readCzechBank(from)
  const histories = accountHistories({ accounts, transactions })

  const bank = await openBank({ dataDir: data, database })
  const progress = importProgress(transactions.length)
  try {
    const { adjustments } = await replay(bank, histories, { onProgress: progress.advance })
    progress.say('Waiting for the read tables')
    const { position } = await bank.store.head()
    await bank.waitFor(accountBalances, position, { timeoutMs: catchUpMsMax })
    await bank.waitFor(accountStatement, position, { timeoutMs: catchUpMsMax })
    progress.say('Checking every account on every day')
    const { accountDays, balanceMismatches, closingTotalMinor, events } = await check(bank, histories)
    progress.end()
    const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(2))
    const report: ImportReport = {
      accounts: accounts.length,
      transactions: transactions.length,
      accountDays,
      adjustments,
      balanceMismatches,
      closingTotalMinor,
      events,
      seconds,
    }
    console.log(json ? JSON.stringify(report) : readable(report))
    if (balanceMismatches > 0) process.exitCode = 1
  } finally {
    progress.end()
    await bank.close()
  }
}

function readable(report: ImportReport): string {
  const { accounts, transactions, accountDays, adjustments, balanceMismatches, events, seconds } = report
  const verdict =
    balanceMismatches === 0
      ? 'every one equals the balance that the bank recorded'
      : `${balanceMismatches} DIFFER from what the bank recorded`
  return [
    `${transactions} transactions of ${accounts} accounts are in the log, as ${events} events, after ${seconds} s.`,
    `${adjustments} balances that the bank had rounded were adjusted by an event of their own.`,
    `${accountDays} account-days checked in the read table and by folding the events: ${verdict}.`,
  ].join('\n')
}

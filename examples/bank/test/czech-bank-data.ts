// Where the real bank's files are, and why a test that needs them may be skipped.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const czechBankDir =
  process.env.INDELIBLE_CZECH_BANK ?? fileURLToPath(new URL('../../../../shared/data/czech-bank', import.meta.url))

/** The reason for skipping, or nothing. */
export const czechBankMissing = existsSync(czechBankDir)
  ? undefined
  : 'the data of the Czech bank is not here: set INDELIBLE_CZECH_BANK to the folder with account.asc and trans.asc'

// The files of the Czech bank, checked to the last code before anything is made of them.
import { join } from 'node:path'
import { BadInput } from './bad-input.ts'
import { type CsvRecord, readCsv } from './csv.ts'

export interface BankAccount {
  readonly id: string
  readonly openedOn: string
}

/** One booking as the bank recorded it; amounts in halers. */
export interface Transaction {
  readonly id: string
  readonly accountId: string
  readonly date: string
  /** Positive when money came in. */
  readonly amount: number
  /** Of the account, after the booking. */
  readonly balance: number
  readonly purpose: string
  readonly file: string
  readonly line: number
}

export interface CzechBank {
  readonly accounts: readonly BankAccount[]
  readonly transactions: readonly Transaction[]
}

const signs: Readonly<Record<string, 1 | -1>> = { PRIJEM: 1, VYDAJ: -1, VYBER: -1 }

const operations: Readonly<Record<string, string>> = {
  VKLAD: 'cash deposit',
  VYBER: 'cash withdrawal',
  'VYBER KARTOU': 'card withdrawal',
  'PREVOD Z UCTU': 'collection from another bank',
  'PREVOD NA UCET': 'remittance to another bank',
  '': '',
}

const purposes: Readonly<Record<string, string>> = {
  UROK: 'interest',
  SLUZBY: 'statement fee',
  SIPO: 'household',
  DUCHOD: 'pension',
  POJISTNE: 'insurance',
  UVER: 'loan',
  'SANKC. UROK': 'sanction interest',
  '': '',
}

const frequencies = ['POPLATEK MESICNE', 'POPLATEK TYDNE', 'POPLATEK PO OBRATU']

/** Reads accounts and transactions from a folder. Throws `BadInput` for the first thing that is wrong. */
export async function readCzechBank(dir: string): Promise<CzechBank> {
  const accounts = await readAccounts(join(dir, 'account.asc'))
  return { accounts, transactions: await readTransactions(join(dir, 'trans.asc'), accounts) }
}

async function readAccounts(file: string): Promise<BankAccount[]> {
  const records = await readCsv(file, ['account_id', 'frequency', 'date'])
  const firstLine = new Map<string, number>()
  return records.map((record) => {
    const { frequency } = record.fields
    const id = uniqueId(record, 'account_id', firstLine)
    if (!frequencies.includes(frequency)) throw bad(record, `the frequency "${frequency}" is unknown.`)
    return { id, openedOn: day(record) }
  })
}

async function readTransactions(file: string, accounts: readonly BankAccount[]): Promise<Transaction[]> {
  const records = await readCsv(file, [
    'trans_id',
    'account_id',
    'date',
    'type',
    'operation',
    'amount',
    'balance',
    'k_symbol',
  ])
  const openedOn = new Map(accounts.map((account) => [account.id, account.openedOn]))
  const firstLine = new Map<string, number>()
  return records.map((record) => {
    const { fields, line } = record
    const id = uniqueId(record, 'trans_id', firstLine)
    const accountId = fields.account_id
    const date = day(record)
    const opened = openedOn.get(accountId)
    if (opened === undefined) throw bad(record, `there is no account "${accountId}" in account.asc.`)
    if (date < opened) throw bad(record, `account ${accountId} was opened later, on ${opened}.`)
    const sign = signs[fields.type]
    if (sign === undefined) throw bad(record, `the type "${fields.type}" is unknown.`)
    const amount = halers(record, 'amount')
    if (amount <= 0) throw bad(record, `the amount "${fields.amount}" is not above zero.`)
    return {
      id,
      accountId,
      date,
      amount: sign * amount,
      balance: halers(record, 'balance'),
      purpose: purposeOf(record),
      file,
      line,
    }
  })
}

type TransactionColumn = 'operation' | 'k_symbol'

function purposeOf(record: CsvRecord<TransactionColumn>): string {
  const { operation: operationCode, k_symbol: symbol } = record.fields
  const operation = operations[operationCode]
  if (operation === undefined) throw bad(record, `the operation "${operationCode}" is unknown.`)
  // The bank wrote "no purpose" now as nothing and now as a space.
  const purpose = purposes[symbol.trim()]
  if (purpose === undefined) throw bad(record, `the k_symbol "${symbol}" is unknown.`)
  return [operation, purpose].filter(Boolean).join(', ')
}

function uniqueId<Column extends string>(
  record: CsvRecord<Column>,
  column: Column,
  firstLine: Map<string, number>,
): string {
  const id = record.fields[column]
  if (!/^\d{1,18}$/.test(id)) throw bad(record, `the ${column} "${id}" is not a number.`)
  const before = firstLine.get(id)
  if (before !== undefined)
    throw bad(record, `the ${column} ${id} is a duplicate: it stands on line ${before} already.`)
  firstLine.set(id, record.line)
  return id
}

/** YYMMDD of the last century as `1993-01-31`. */
function day(record: CsvRecord<'date'>): string {
  const [, year, month, date] = /^(\d\d)(\d\d)(\d\d)$/.exec(record.fields.date) ?? []
  const text = `19${year}-${month}-${date}`
  const isDay = date !== undefined && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text)
  if (!isDay) throw bad(record, `the date "${record.fields.date}" is not a day in the form YYMMDD.`)
  return text
}

/** `700.00` as 70000, by its digits and not by way of a fraction. */
function halers<Column extends string>(record: CsvRecord<Column>, column: Column): number {
  const text = record.fields[column]
  const [, sign, crowns, rest] = /^(-?)(\d{1,12})\.(\d\d)$/.exec(text) ?? []
  if (rest === undefined) throw bad(record, `the ${column} "${text}" is not an amount like 700.00.`)
  return Number(`${sign}${crowns}${rest}`)
}

function bad({ file, line }: CsvRecord<string>, problem: string): BadInput {
  return new BadInput(file, line, problem)
}

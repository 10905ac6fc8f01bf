// A file with any mistake in it is refused with file and line, before a single command is sent.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readCzechBank } from '../import/czech-bank.ts'
import { accountHistories } from '../import/replay.ts'

const accountHeader = '"account_id";"district_id";"frequency";"date"'
const header = '"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";"account"'
const goodAccounts = [accountHeader, '1;55;"POPLATEK MESICNE";930101', '2;55;"POPLATEK TYDNE";930201']
const goodTransactions = [
  header,
  '10;1;930101;"PRIJEM";"VKLAD";700.00;700.00;"";;',
  '11;1;930105;"VYDAJ";"VYBER";200.50;499.50;"SLUZBY";;',
  '12;2;930203;"PRIJEM";"PREVOD Z UCTU";10.00;10.00;"DUCHOD";"YZ";"87144583"',
]

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'indelible-czech-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

async function read(transactions: readonly string[], accounts: readonly string[] = goodAccounts) {
  writeFileSync(join(dir, 'account.asc'), `${accounts.join('\r\n')}\r\n`)
  writeFileSync(join(dir, 'trans.asc'), `${transactions.join('\r\n')}\r\n`)
  return await readCzechBank(dir)
}

/** The good file with one line replaced or added. */
const withLine = (index: number, line: string) => goodTransactions.toSpliced(index, 1, line)

test('valid files are read: amounts in halers, withdrawals negative, dates of the last century', async () => {
  const { accounts, transactions } = await read(goodTransactions)
  expect(accounts).toEqual([
    { id: '1', openedOn: '1993-01-01' },
    { id: '2', openedOn: '1993-02-01' },
  ])
  expect(
    transactions.map(({ id, accountId, date, amount, balance, purpose, line }) => [
      id,
      accountId,
      date,
      amount,
      balance,
      purpose,
      line,
    ]),
  ).toEqual([
    ['10', '1', '1993-01-01', 70000, 70000, 'cash deposit', 2],
    ['11', '1', '1993-01-05', -20050, 49950, 'cash withdrawal, statement fee', 3],
    ['12', '2', '1993-02-03', 1000, 1000, 'collection from another bank, pension', 4],
  ])
})

test.each([
  ['too few fields', withLine(2, '11;1;930105;"VYDAJ"'), /trans\.asc:3: .*Invalid Record Length/],
  ['too many fields', withLine(2, '11;1;930105;"VYDAJ";"VYBER";200.50;499.50;"SLUZBY";;;'), /trans\.asc:3:/],
  ['an open quote', withLine(2, '11;1;930105;"VYDAJ;"VYBER";200.50;499.50;"SLUZBY";;'), /trans\.asc:\d+:/],
  [
    'an unknown type',
    withLine(2, '11;1;930105;"DAR";"VYBER";200.50;499.50;"";;'),
    /trans\.asc:3: the type "DAR" is unknown/,
  ],
  [
    'an unknown operation',
    withLine(2, '11;1;930105;"VYDAJ";"KRADEZ";200.50;499.50;"";;'),
    /trans\.asc:3: the operation "KRADEZ" is unknown/,
  ],
  [
    'an unknown k_symbol',
    withLine(2, '11;1;930105;"VYDAJ";"VYBER";200.50;499.50;"PIVO";;'),
    /trans\.asc:3: the k_symbol "PIVO" is unknown/,
  ],
  [
    'an unknown account',
    withLine(2, '11;9;930105;"VYDAJ";"VYBER";200.50;499.50;"";;'),
    /trans\.asc:3: there is no account "9"/,
  ],
  [
    'a duplicate',
    withLine(2, '10;1;930105;"VYDAJ";"VYBER";200.50;499.50;"";;'),
    /trans\.asc:3: the trans_id 10 is a duplicate: it stands on line 2/,
  ],
  [
    'a day that does not exist',
    withLine(2, '11;1;930230;"VYDAJ";"VYBER";200.50;499.50;"";;'),
    /trans\.asc:3: the date "930230"/,
  ],
  [
    'a date of another form',
    withLine(2, '11;1;1993-01-05;"VYDAJ";"VYBER";200.50;499.50;"";;'),
    /trans\.asc:3: the date/,
  ],
  [
    'a booking before the account was opened',
    withLine(3, '12;2;930103;"PRIJEM";"VKLAD";10.00;10.00;"";;'),
    /trans\.asc:4: account 2 was opened later/,
  ],
  [
    'an amount with a comma',
    withLine(2, '11;1;930105;"VYDAJ";"VYBER";200,50;499.50;"";;'),
    /trans\.asc:3: the amount "200,50"/,
  ],
  [
    'an amount of nothing',
    withLine(2, '11;1;930105;"VYDAJ";"VYBER";0.00;700.00;"";;'),
    /trans\.asc:3: the amount "0.00" is not above zero/,
  ],
  [
    'a balance that is none',
    withLine(2, '11;1;930105;"VYDAJ";"VYBER";200.50;much;"";;'),
    /trans\.asc:3: the balance "much"/,
  ],
  [
    'a missing column',
    goodTransactions.map((line) => line.replace('"balance"', '"rest"')),
    /trans\.asc:1: the column "balance" is missing/,
  ],
  ['nothing at all', [], /trans\.asc/],
])('a file with %s is refused with file and line', async (_what, transactions, message) => {
  await expect(read(transactions)).rejects.toThrow(message)
})

test.each([
  [
    'a duplicate account',
    [...goodAccounts, '1;55;"POPLATEK TYDNE";930301'],
    /account\.asc:4: the account_id 1 is a duplicate/,
  ],
  [
    'an unknown frequency',
    [...goodAccounts, '3;55;"NIKDY";930301'],
    /account\.asc:4: the frequency "NIKDY" is unknown/,
  ],
])('an account file with %s is refused', async (_what, accounts, message) => {
  await expect(read(goodTransactions, accounts)).rejects.toThrow(message)
})

test('for a folder without the files the error says which one is missing', async () => {
  await expect(readCzechBank(join(dir, 'nosuch'))).rejects.toThrow(/account\.asc: cannot be read/)
})

test('bookings of one day are sorted so that each balance follows from the one before', async () => {
  const bank = await read([
    header,
    '10;1;930101;"PRIJEM";"VKLAD";50.00;130.00;"";;',
    '11;1;930101;"PRIJEM";"VKLAD";100.00;100.00;"";;',
    '12;1;930101;"VYDAJ";"VYBER";20.00;80.00;"";;',
  ])
  const [history] = accountHistories(bank)
  expect(history!.transactions.map(({ id }) => id)).toEqual(['11', '12', '10'])
})

test('an order that fits one day but not the next is rejected', async () => {
  // Both orders of the 1st agree with the bank's rounding; only the one that ends at 100.10 lets the 2nd follow.
  const bank = await read([
    header,
    '10;1;930101;"PRIJEM";"VKLAD";100.00;100.00;"";;',
    '11;1;930102;"PRIJEM";"VKLAD";0.10;100.10;"";;',
    '12;1;930102;"VYDAJ";"VYBER";0.10;100.00;"";;',
    '13;1;930103;"PRIJEM";"VKLAD";1.00;101.20;"";;',
  ])
  const [history] = accountHistories(bank)
  expect(history!.transactions.map(({ id }) => id)).toEqual(['10', '12', '11', '13'])
})

test('balances that fit in no order are refused with file and line', async () => {
  const bank = await read(withLine(2, '11;1;930105;"VYDAJ";"VYBER";200.50;399.50;"SLUZBY";;'))
  expect(() => accountHistories(bank)).toThrow(/trans\.asc:3: no order of the bookings of account 1 on 1993-01-05/)
})

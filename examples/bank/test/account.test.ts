import { decideAfter, stateAfter } from 'indelible/testing'
import { expect, test } from 'vitest'
import { account } from '../account/account.ts'
import { AdjustBalance } from '../account/adjust-balance.ts'
import { CloseAccount } from '../account/close-account.ts'
import { DepositFunds } from '../account/deposit-funds.ts'
import {
  AccountClosed,
  AccountOpened,
  BalanceAdjusted,
  FundsDeposited,
  FundsWithdrawn,
  WithdrawalReversed,
} from '../account/events.ts'
import { OpenAccount } from '../account/open-account.ts'
import { ReverseWithdrawal } from '../account/reverse-withdrawal.ts'
import { WithdrawFunds } from '../account/withdraw-funds.ts'

const opened = AccountOpened({ owner: 'Ann', overdraftLimit: 0 })
const withOverdraft = AccountOpened({ owner: 'Ann', overdraftLimit: 50 })
const deposited = FundsDeposited({ amount: 100 })
const withdrawn = FundsWithdrawn({ amount: 100 })
const closed = AccountClosed({})

test('an account is opened once', () => {
  expect(decideAfter([], OpenAccount, { owner: 'Ann' })).toEqual([opened])
  expect(decideAfter([opened], OpenAccount, { owner: 'Ann' })).toMatchObject({ refused: 'AccountExists' })
})

test('a withdrawal that would overdraw the account is refused, with the balance', () => {
  expect(decideAfter([opened, deposited], WithdrawFunds, { amount: 100 })).toEqual([withdrawn])
  expect(decideAfter([opened, deposited], WithdrawFunds, { amount: 101 })).toEqual({
    refused: 'InsufficientFunds',
    details: { balance: 100, overdraftLimit: 0 },
  })
})

test('an overdraft can be used to its limit and not beyond', () => {
  expect(decideAfter([withOverdraft], WithdrawFunds, { amount: 50 })).toEqual([FundsWithdrawn({ amount: 50 })])
  expect(decideAfter([withOverdraft], WithdrawFunds, { amount: 51 })).toMatchObject({
    refused: 'InsufficientFunds',
  })
})

test('only an open account takes deposits', () => {
  expect(decideAfter([opened], DepositFunds, { amount: 100 })).toEqual([deposited])
  expect(decideAfter([], DepositFunds, { amount: 1 })).toMatchObject({ refused: 'NoSuchAccount' })
  expect(decideAfter([opened, closed], DepositFunds, { amount: 1 })).toMatchObject({
    refused: 'AccountClosed',
  })
})

test('an account with money or debt on it cannot be closed', () => {
  expect(decideAfter([opened], CloseAccount, {})).toEqual([closed])
  expect(decideAfter([opened, deposited], CloseAccount, {})).toEqual({
    refused: 'BalanceNotZero',
    details: { balance: 100 },
  })
  const inDebt = [withOverdraft, FundsWithdrawn({ amount: 20 })]
  expect(decideAfter(inDebt, CloseAccount, {})).toMatchObject({
    refused: 'BalanceNotZero',
    details: { balance: -20 },
  })
  expect(decideAfter([opened, closed], CloseAccount, {})).toMatchObject({ refused: 'AccountClosed' })
})

test('returned money reaches even a closed account, and can be withdrawn from there', () => {
  const history = [opened, deposited, withdrawn, closed]
  const reversed = WithdrawalReversed({ amount: 100 })
  expect(decideAfter(history, ReverseWithdrawal, { amount: 100 })).toEqual([reversed])
  expect(decideAfter([...history, reversed], WithdrawFunds, { amount: 100 })).toEqual([withdrawn])
  expect(decideAfter([], ReverseWithdrawal, { amount: 100 })).toMatchObject({ refused: 'NoSuchAccount' })
})

test('a mistake is corrected by an adjustment with a reason', () => {
  const adjusted = BalanceAdjusted({ difference: -10, reason: 'rounding' })
  expect(decideAfter([opened], AdjustBalance, { difference: -10, reason: 'rounding' })).toEqual([adjusted])
  expect(decideAfter([opened], AdjustBalance, { difference: 0, reason: 'rounding' })).toEqual([])
  expect(stateAfter(account, [opened, deposited, adjusted]).balance).toBe(90)
})

test.each([0, -1, 1.5, Number.NaN, 1e15])('%d is not a valid amount of money', (amount) => {
  expect(() => decideAfter([opened], DepositFunds, { amount })).toThrow(
    expect.objectContaining({ code: 'invalid_command' }),
  )
})

test('a balance always stays within the exact integers', () => {
  const rich = [opened, BalanceAdjusted({ difference: Number.MAX_SAFE_INTEGER - 5, reason: 'a very rich uncle' })]
  expect(decideAfter(rich, DepositFunds, { amount: 6 })).toMatchObject({ refused: 'BalanceTooLarge' })
  expect(decideAfter(rich, DepositFunds, { amount: 5 })).toEqual([FundsDeposited({ amount: 5 })])
})

// What the declaration of a bank says without running one.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describeSystem, mermaidOf, sagaDiagram } from 'indelible/schema'
import { rehearse } from 'indelible/testing'
import { expect, test } from 'vitest'
import { bank } from '../bank.ts'
import { TransferReturned } from '../incoming/incoming.ts'
import { partner } from '../partner.ts'
import { RemittanceRequested } from '../remittance/remittance.ts'
import { remittanceSaga } from '../remittance/remittance-saga.ts'

const order = { from: 'ann', to: 'ben', amount: 100 }

test('the drawing of a remittance says what goes to the partner', () => {
  const description = describeSystem(bank)
  const drawing = mermaidOf(sagaDiagram(description.sagas.find(({ name }) => name === 'remittance')!, description))
  expect(drawing).toContain('partner: DepositFunds')
  expect(drawing).toContain('partner: ReceiveTransfer')
  expect(drawing).toContain('partner.TransferReturned')
})

test('a remittance that the partner returns is given back, and one that it credits is done', () => {
  const returned = rehearse(remittanceSaga, RemittanceRequested(order))
  returned
    .done('withdraw')
    .done('way/ordinary/send')
    .happens(partner.events.TransferReturned({ reason: 'NoSuchAccount' }))
  expect(returned.sends.withdraw).toMatchObject({ type: 'ReverseWithdrawal', id: 'ann' })
  const credited = rehearse(remittanceSaga, RemittanceRequested(order))
  credited.done('withdraw')
  expect(credited.sends['way/ordinary/send']).toMatchObject({ type: 'ReceiveTransfer', remote: 'partner' })
  credited.done('way/ordinary/send').happens(partner.events.TransferCredited({}))
  expect(credited.state.status).toBe('completed')
})

test('an event of this bank itself is none of the partner', () => {
  const running = rehearse(remittanceSaga, RemittanceRequested(order)).done('withdraw').done('way/ordinary/send')
  running.happens(TransferReturned({ reason: 'NoSuchAccount' }))
  expect(running.state.status).toBe('running')
})

test('npm run banks says what it does', () => {
  const cli = fileURLToPath(new URL('../bin/banks.js', import.meta.url))
  const help = execFileSync(process.execPath, ['--conditions=@indelible/source', cli, '--help'], { encoding: 'utf8' })
  expect(help).toContain('Two banks, two processes, two logs.')
  expect(help).toContain('npm run banks -- --data /tmp/banks')
})

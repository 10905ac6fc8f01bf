// The diagram of the transfer: `indelible sagas graph transfer` prints it.
import { describeSystem, mermaidOf, sagaDiagram } from 'indelible/schema'
import { expect, test } from 'vitest'
import { bank } from '../bank.ts'

test('the transfer has a diagram', () => {
  const description = describeSystem(bank)
  const diagram = sagaDiagram(description.sagas.find(({ name }) => name === 'transfer')!, description)
  expect(mermaidOf(diagram)).toMatchInlineSnapshot(`
    "flowchart TB
      n1(["TransferRequested"])
      n2["withdraw<br/>WithdrawFunds"]
      n4["deposit<br/>DepositFunds<br/>within 1m"]
      completed(["completed"])
      n3["take back withdraw<br/>ReverseWithdrawal"]:::dashed
      compensated(["compensated"])
      n1 --> n2
      n2 --> n4
      n4 --> completed
      n2 -. "NoSuchAccount, InsufficientFunds" .-> compensated
      n4 -. "NoSuchAccount, AccountClosed, BalanceTooLarge, after 1m" .-> n3
      n3 -.-> compensated
      classDef dashed stroke-dasharray: 5 5
    "
  `)
})

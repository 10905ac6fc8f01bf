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
      n3["take back withdraw<br/>ReverseWithdrawal"]
      compensated(["compensated"])
      trouble{{"compensation failed<br/>payments team must see to it"}}
      n1 --> n2
      n2 --> n4
      n4 --> completed
      n2 -. "NoSuchAccount, InsufficientFunds" .-> compensated
      n4 -. "NoSuchAccount, AccountClosed, BalanceTooLarge, after 1m" .-> n3
      n3 -.-> compensated
      n3 -. "NoSuchAccount, BalanceTooLarge" .-> trouble
      classDef command fill:#dbeafe,stroke:#1d4ed8,color:#1f2328
      class n2,n4 command
      classDef event fill:#ffe3c7,stroke:#b8500a,color:#1f2328
      class n1 event
      classDef success fill:#d5f5de,stroke:#15803d,color:#1f2328
      class completed success
      classDef takeback fill:#fff1e8,stroke:#a5370f,color:#1f2328
      class n3,compensated takeback
      classDef trouble fill:#ffd9d9,stroke:#b91c1c,color:#1f2328
      class trouble trouble
      classDef dashed stroke-dasharray:5 5
      class n3 dashed
      classDef dotted stroke-dasharray:2 4
      class trouble dotted
    "
  `)
})

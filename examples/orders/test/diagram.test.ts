// The fulfilment of an order as a drawing: `indelible sagas graph fulfilment` prints it.
import { describeSystem, sagaDiagram } from 'indelible/schema'
import { expect, test } from 'vitest'
import { shop } from '../system.ts'

test('the fulfilment is drawn', () => {
  const description = describeSystem(shop)
  expect(sagaDiagram(description.sagas.find(({ name }) => name === 'fulfilment')!, description)).toMatchInlineSnapshot(`
    "flowchart TB
      n1(["OrderPlaced"])
      n2["accept<br/>AcceptOrder"]
      n4["stock<br/>ReserveStock"]
      n6["authorise<br/>AuthorisePayment<br/>within 1m"]
      n8[/"money<br/>wait for PaymentCaptured<br/>within 30m"/]
      n9["paid<br/>MarkPaid"]
      n10>"OrderCancelled<br/>at any time"]
      completed(["completed"])
      n3["take back accept<br/>CancelOrder"]:::takesBack
      n5["take back stock<br/>ReleaseStock"]:::takesBack
      n7["take back authorise<br/>ReturnPayment"]:::takesBack
      compensated(["compensated"])
      n1 --> n2
      n2 --> n4
      n4 --> n6
      n6 --> n8
      n8 --> n9
      n9 --> completed
      n2 -. "WrongStatus" .-> compensated
      n4 -. "NoSuchProduct, AlreadyReserved, OutOfStock" .-> n3
      n6 -. "PaymentExists, LimitExceeded, after 1m" .-> n5
      n8 -. "after 30m" .-> n7
      n9 -. "WrongStatus" .-> n7
      n10 -. "cancels" .-> n7
      n3 -.-> compensated
      n5 -.-> n3
      n7 -.-> n5
      classDef takesBack stroke-dasharray: 5 5
    "
  `)
})

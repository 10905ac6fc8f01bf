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
      n8["capture<br/>CapturePayment<br/>within 1m"]
      n10["paid<br/>MarkPaid"]
      completed(["completed"])
      n3["take back accept<br/>CancelOrder"]:::takesBack
      n5["take back stock<br/>ReleaseStock"]:::takesBack
      n7["take back authorise<br/>ReleasePayment"]:::takesBack
      n9["take back capture<br/>RefundPayment"]:::takesBack
      compensated(["compensated"])
      n1 --> n2
      n2 --> n4
      n4 --> n6
      n6 --> n8
      n8 --> n10
      n10 --> completed
      n2 -. "WrongStatus" .-> compensated
      n4 -. "NoSuchProduct, AlreadyReserved, OutOfStock" .-> n3
      n6 -. "PaymentExists, LimitExceeded, after 1m" .-> n5
      n8 -. "NotAuthorised, after 1m" .-> n7
      n10 -. "WrongStatus" .-> n9
      n3 -.-> compensated
      n5 -.-> n3
      n7 -.-> n5
      n9 -.-> n7
      classDef takesBack stroke-dasharray: 5 5
    "
  `)
})

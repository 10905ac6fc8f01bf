// The fulfilment of an order as a drawing: `indelible sagas graph fulfilment` prints it.
import { describeSystem, mermaidOf, sagaDiagram } from 'indelible/schema'
import { expect, test } from 'vitest'
import { shop } from '../system.ts'

test('the fulfilment is drawn', () => {
  const description = describeSystem(shop)
  const diagram = sagaDiagram(description.sagas.find(({ name }) => name === 'fulfilment')!, description)
  expect(mermaidOf(diagram)).toMatchInlineSnapshot(`
    "flowchart TB
      n1(["OrderPlaced"])
      n3["accept<br/>AcceptOrder"]
      subgraph g5["lines"]
        n6{{"for each item, at most 10 at once"}}
        n7["reserve<br/>ReserveStock"]
        n8{{"all done"}}
      end
      n9["authorise<br/>payments: AuthorisePayment<br/>within 1m"]
      n11[/"money<br/>wait for OrderPaid<br/>within 30m"/]
      n12[/"parcel<br/>wait for OrderShipped<br/>without a limit"/]
      n13["capture<br/>payments: CapturePayment"]
      subgraph g14["dispatch"]
        n15{{"for each item, at most 10 at once"}}
        n16["ship<br/>ShipStock"]
        n17{{"all done"}}
      end
      n18>"OrderCancelled<br/>at any time"]
      completed(["completed"])
      n2["CancelOrder<br/>the last command"]:::dashed
      n4["take back what lines did, newest first<br/>lines/reserve: ReleaseStock"]:::dashed
      n10["take back authorise<br/>payments: ReturnPayment"]:::dashed
      compensated(["compensated"])
      n1 --> n3
      n3 --> n6
      n6 --> n7
      n7 --> n8
      n8 --> n9
      n9 --> n11
      n11 --> n12
      n12 --> n13
      n13 --> n15
      n15 --> n16
      n16 --> n17
      n17 --> completed
      n3 -. "WrongStatus" .-> n2
      n7 -. "NoSuchProduct, AlreadyReserved, OutOfStock" .-> n4
      n9 -. "LimitExceeded, after 1m" .-> n4
      n11 -. "after 30m" .-> n10
      n18 -. "cancels" .-> n10
      n2 -.-> compensated
      n4 -.-> n2
      n10 -.-> n4
      classDef dashed stroke-dasharray: 5 5
    "
  `)
})

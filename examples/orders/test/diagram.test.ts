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
      n2["CancelOrder<br/>the last command"]
      n4["take back what lines did, newest first<br/>lines/reserve: ReleaseStock"]
      n10["take back authorise<br/>payments: ReturnPayment"]
      compensated(["compensated"])
      trouble{{"compensation failed<br/>sales must see to it"}}
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
      n2 -. "NoSuchOrder, WrongStatus" .-> trouble
      classDef command fill:#dbeafe,stroke:#1d4ed8,color:#1f2328
      class n3,n7,n9,n13,n16 command
      classDef event fill:#ffe3c7,stroke:#b8500a,color:#1f2328
      class n1,n11,n12,n18 event
      classDef success fill:#d5f5de,stroke:#15803d,color:#1f2328
      class completed success
      classDef takeback fill:#fff1e8,stroke:#a5370f,color:#1f2328
      class n2,n4,n10,compensated takeback
      classDef trouble fill:#ffd9d9,stroke:#b91c1c,color:#1f2328
      class trouble trouble
      classDef dashed stroke-dasharray:5 5
      class n2,n4,n10 dashed
      classDef dotted stroke-dasharray:2 4
      class trouble dotted
    "
  `)
})

// The shop, declared.
import { defineSystem } from 'indelible'
import { ChangeEmail } from './customers/change-email.ts'
import { Leave } from './customers/leave.ts'
import { RegisterCustomer } from './customers/register-customer.ts'
import { AddLine } from './orders/add-line.ts'
import { CancelOrder } from './orders/cancel-order.ts'
import { fulfilment } from './orders/fulfilment.ts'
import { PlaceOrder, PlaceOrderWithVoucher } from './orders/place-order.ts'
import { AcceptOrder, PayOrder, ShipOrder } from './orders/progress.ts'
import { mail } from './outside/mail.ts'
import { search } from './outside/search.ts'
import { AuthorisePayment, CapturePayment, ReturnPayment } from './payments/provider.ts'
import { ListProduct } from './products/list-product.ts'
import { ReceiveStock } from './products/receive-stock.ts'
import { ReleaseStock, ReserveStock, ShipStock } from './products/reservations.ts'
import { customers } from './projections/customers.ts'
import { orderLines } from './projections/order-lines.ts'
import { orderList } from './projections/order-list.ts'
import { ordersByDay } from './projections/orders-by-day.ts'
import { stockLevels } from './projections/stock-levels.ts'

export const shop = defineSystem({
  name: 'orders',
  description: 'A shop: customers order products from stock, pay through a provider, and get a parcel.',
  commands: [
    ...[RegisterCustomer, ChangeEmail, Leave],
    ...[ListProduct, ReceiveStock, ReserveStock, ReleaseStock, ShipStock],
    ...[AddLine, PlaceOrder, PlaceOrderWithVoucher, AcceptOrder, PayOrder, ShipOrder, CancelOrder],
  ],
  projections: [orderList, orderLines, stockLevels, ordersByDay, customers],
  activities: [AuthorisePayment, CapturePayment, ReturnPayment],
  sagas: [fulfilment],
  reactions: [mail],
  subscriptions: [search],
})

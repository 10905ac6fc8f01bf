// The shop, declared.
import { defineSystem } from 'indelible'
import { ChangeEmail } from './customers/change-email.ts'
import { Leave } from './customers/leave.ts'
import { RegisterCustomer } from './customers/register-customer.ts'
import { fulfilment } from './orders/fulfilment.ts'
import { PlaceOrder, PlaceOrderWithVoucher } from './orders/place-order.ts'
import { AcceptOrder, CancelOrder, MarkPaid, ShipOrder } from './orders/progress.ts'
import { search } from './outside/catalogue.ts'
import { mail } from './outside/mail.ts'
import { ReturnPayment, TakePayment } from './payments/payment.ts'
import { ListProduct } from './products/list-product.ts'
import { ReceiveStock, ReleaseStock, ReserveStock } from './products/stock.ts'
import { orderList } from './projections/order-list.ts'
import { ordersByDay } from './projections/orders-by-day.ts'
import { stockLevels } from './projections/stock-levels.ts'

export const shop = defineSystem({
  name: 'orders',
  commands: [
    ...[RegisterCustomer, ChangeEmail, Leave],
    ...[ListProduct, ReceiveStock, ReserveStock, ReleaseStock],
    ...[PlaceOrder, PlaceOrderWithVoucher, AcceptOrder, MarkPaid, ShipOrder, CancelOrder],
    ...[TakePayment, ReturnPayment],
  ],
  projections: [orderList, stockLevels, ordersByDay],
  sagas: [fulfilment],
  reactions: [mail],
  subscriptions: [search],
})

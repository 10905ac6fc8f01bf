// What the shop does to the outside world, over restarts: the log and the place of each consumer are in files.
import { defineSystem, type RunningSystem, reaction, startSystem } from 'indelible'
import { fileStorage } from 'indelible/file'
import { expect, onTestFinished, test } from 'vitest'
import { OrderShipped } from '../orders/events.ts'
import { mail } from '../outside/mail.ts'
import { deliver, mailsSent } from '../outside/outbox.ts'
import { shop } from '../system.ts'
import { caughtUp, dirOfItsOwn, outsideOfItsOwn, place, services, shipped, stock, tea } from './shop-in-memory.ts'

/** A shop in files, which can be started again, also with another reaction than its own. */
function keptShop() {
  outsideOfItsOwn()
  const dataDir = dirOfItsOwn()
  let running: RunningSystem | undefined
  const start = async (reactions = shop.reactions) => {
    await running?.close()
    const { store, ...kept } = fileStorage({ dataDir, mode: 'run' })
    running = startSystem(defineSystem({ ...shop, reactions }), { services, store: await store(), ...kept })
    return running
  }
  onTestFinished(() => running?.close())
  return start
}

async function ship(running: RunningSystem, id: string): Promise<void> {
  await place(running, id, [tea(1)])
  expect(await shipped(running, id)).toMatchObject({ status: 'completed' })
}

const about = async () => (await mailsSent()).map(({ subject }) => subject)
const onItsWay = (...ids: readonly string[]) => ids.map((id) => `Order ${id} is on its way`)

test('each order that ships is mailed once, also over restarts', async () => {
  const start = keptShop()
  const first = await start()
  await stock(first)
  await first.waitFor(mail, 0)
  await ship(first, 'o1')
  const second = await start()
  await ship(second, 'o2')
  const third = await start()
  await caughtUp(third, mail)
  expect(await about()).toEqual(onItsWay('o1', 'o2'))
  expect(await mailsSent()).toMatchObject([{ key: expect.stringMatching(/^mail:/), to: 'ann' }, { to: 'ann' }])
})

test('a mail that went out before a crash is tried again with its key, and does not go out twice', async () => {
  const start = keptShop()
  const keys: string[] = []
  const crashing = (isBroken: boolean) =>
    reaction('mail', { from: 'now', retries: 0 }).on(OrderShipped, async ({ customer }, { streamId }, context) => {
      keys.push(context.idempotencyKey)
      await deliver({ key: context.idempotencyKey, to: customer, subject: `Order ${streamId} is on its way` })
      if (isBroken) throw new Error('the answer was lost')
    })
  const broken = await start([crashing(true)])
  await stock(broken)
  await broken.waitFor(mail, 0)
  await ship(broken, 'o1')
  await caughtUp(broken, mail)
  expect(await broken.consumers.show(mail)).toMatchObject({ parked: [{ stream: 'order-o1' }] })
  const mended = await start([crashing(false)])
  await mended.waitFor(mail, 0)
  await mended.consumers.resume(mail)
  await expect.poll(() => mended.consumers.show(mail)).toMatchObject({ parked: [] })
  expect(keys).toHaveLength(2)
  expect(new Set(keys).size).toBe(1)
  expect(await about()).toEqual(onItsWay('o1'))
})

test('orders that shipped before the mails were switched on are not mailed', async () => {
  const start = keptShop()
  const silent = await start([])
  await stock(silent)
  await ship(silent, 'o1')
  const mailing = await start()
  await mailing.waitFor(mail, 0)
  await ship(mailing, 'o2')
  await caughtUp(mailing, mail)
  expect(await about()).toEqual(onItsWay('o2'))
})

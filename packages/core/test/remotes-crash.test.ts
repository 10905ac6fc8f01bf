// A saga with steps in another system, whose process dies at any append while any request or answer gets lost: it ends as if nothing had happened.
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { crashingStore } from 'indelible/testing'
import { expect, test } from 'vitest'
import { long } from '../../../scripts/campaign.ts'
import { AskWire, cashOf, farBranch, heardWiring, type Line, lineTo, lost, nearBranch } from './branches.ts'

const patience = { timeoutMs: 20_000 }
const losses = ['before', 'after', 'never'] as const
const appendsMax = 12
const requestsMax = 10

test.each([
  ['open', 'completed', { near: ['till-a -5'], far: ['till-w1 +5', 'till-b +10'] }],
  ['closed', 'compensated', { near: ['till-a -5', 'till-a +5'], far: ['till-w1 +5', 'till-w1 -5'] }],
] as const)('the last till is %s: the saga is %s, whatever is lost', async (how, status, cash) => {
  const to = how === 'open' ? 'b' : 'closed'
  let crashes = 0
  let losts = 0
  for (let after = 0; after < appendsMax; after++) {
    for (const written of [false, true]) {
      for (const loss of losses) {
        // A share of the requests on each run, all of them in a long one.
        for (let nth = long ? 0 : after % 5; nth < (loss === 'never' ? 1 : requestsMax); nth += long ? 1 : 5) {
          const [store, consumers] = [memoryStore(), memoryConsumers()]
          const far = { running: farBranch() }
          let requests = 0
          const line: Line = {
            [loss]: (what: string) => {
              if (what === 'readFeed' || requests++ !== nth) return
              losts++
              lost()
            },
          }
          const dying = crashingStore(store, { after, written })
          const first = nearBranch(lineTo(far, line), { store: dying, consumers, sagas: [heardWiring] })
          const asked = AskWire('w1', { from: 'a', to, amount: 5 })
          await first.send(asked, { commandId: 'ask' }).catch(() => {})
          while (!dying.hasCrashed && !(await hasEnded(first))) await new Promise(setImmediate)
          if (dying.hasCrashed) crashes++
          await first.close()

          const second = nearBranch(lineTo(far, line), { store, consumers, sagas: [heardWiring] })
          await second.send(asked, { commandId: 'ask' })
          const ended = await second.waitForSaga(heardWiring, 'w1', patience)
          const at = `dies at ${after}, written ${written}, request ${nth} lost ${loss}`
          expect(ended.status, at).toBe(status)
          expect(await cashOf(second), at).toEqual(cash.near)
          expect(await cashOf(far.running), at).toEqual(cash.far)
          await second.close()
          await far.running.close()
        }
      }
    }
  }
  expect(crashes).toBeGreaterThan(20)
  expect(losts).toBeGreaterThan(20)
})

async function hasEnded(near: ReturnType<typeof nearBranch>): Promise<boolean> {
  const state = await near.saga(heardWiring, 'w1').catch(() => undefined)
  return state?.status === 'completed' || state?.status === 'compensated'
}

// Activities in the tools that try sagas out: a rehearsal without a service, and every fault at every node with one.
import { fakeService, faultMatrix, formatFaultMatrix, rehearse } from 'indelible/testing'
import { expect, test } from 'vitest'
import { buying, Charged, Declined, payments, system } from './charging.ts'
import { Ask, Asked, Written, written } from './notebook.ts'

const asked = Asked({ words: [], limit: 3 })
const charging = () => rehearse(buying, asked).done('write', [Written({ word: 'first' })])

test('a rehearsal sends an activity, and goes on with its answer', () => {
  const run = charging()
  expect(run.sends).toMatchObject({
    charge: { type: 'Charge', category: 'payments', service: 'payments', id: 'ann', input: { cents: 3 } },
  })
  run.done('charge', [Charged({ charge: 'ch1', cents: 3 })])
  expect(run.sends).toMatchObject({ last: { input: { word: 'ch1' } } })
  expect(run.done('last').state.status).toBe('completed')
})

test('a rehearsal covers what a service refuses, takes too long for, and takes back', () => {
  expect(charging().refused('charge', Declined({ limit: 2 })).state.failure).toMatchObject({ reason: 'Declined' })
  expect(charging().passes('1m').state.failure).toMatchObject({ step: 'charge', reason: 'TimedOut' })
  const run = charging()
    .done('charge', [Charged({ charge: 'ch1', cents: 3 })])
    .refused('last', { refused: 'Refused', details: { word: 'ch1' } })
  expect(run.sends).toMatchObject({ charge: { type: 'Refund', input: { charge: 'ch1' } } })
})

const scenario = { system, saga: buying, start: Ask('1', { words: [], limit: 3 }) }
const servicesWith = (isForgetful: boolean) => () => {
  const { service, charges } = payments(() => undefined, { isForgetful })
  return { payments: { ...service, charges }, mails: fakeService(() => ({ status: 202, body: undefined })) }
}

test('a saga with activities comes to a good end with every fault, also at the service', async () => {
  const matrix = await faultMatrix({
    ...scenario,
    services: servicesWith(false),
    invariant: async (running, { status, services }) => {
      const kept = [...services.payments.charges.values()].filter(({ isRefunded }) => !isRefunded)
      expect(kept.map(({ cents }) => cents)).toEqual(status === 'completed' ? [3] : [])
      if (status === 'completed') expect(await written(running)).toEqual(['first', 'ch1'])
    },
  })
  expect(matrix.problems).toEqual([])
  expect(formatFaultMatrix(matrix)).toMatchInlineSnapshot(`
    "buying        refused  timeout  late reply  duplicate     reordered  crash before  crash after   compensation refused
    ---------------------------------------------------------------------------------------------------------------------
    write   step  undone   –        –           done          –          done, undone  done, undone  resumed
    charge  step  undone   undone   done        done, undone  –          done, undone  done, undone  resumed
    last    step  undone   –        –           done          –          done          done          –

    16 cells, 47 runs: all green.
    done: completed; undone: compensated; resumed: compensated after a person helped; –: cannot happen there; ?: not reached by this scenario."
  `)
})

test('a service that forgets what it gave up is found: the request comes late, and does it all the same', async () => {
  const matrix = await faultMatrix({
    ...scenario,
    services: servicesWith(true),
    invariant: async (_running, { status, services }) => {
      const kept = [...services.payments.charges.values()].filter(({ isRefunded }) => !isRefunded)
      return kept.length === Number(status === 'completed') ? undefined : `${kept.length} charges are kept.`
    },
  })
  expect(matrix.problems).toEqual([
    "charge, timeout: its request got through after it was given up. 1 charges are kept. Alone: only: { step: 'charge', fault: 'timeout' }.",
  ])
})

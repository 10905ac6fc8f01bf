// The process dies at any append of a saga with every kind of step, and any step is refused: the saga ends as it would without the crash.
import { saga } from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { crashingStore, manualClock } from 'indelible/testing'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { Ask, Asked, notebook, Sign, Signed, Tear, Withdrawn, Write, written } from './notebook.ts'

const patience = { timeoutMs: 30_000 }

/** It writes `no` instead of the word at which it is refused. */
const word = (words: readonly string[], own: string) => (words.includes(own) ? `no ${own}` : own)
const child = saga('child', { startsOn: Withdrawn }).step('write', {
  command: Write,
  to: () => 'a',
  input: ({ why }) => ({ word: why }),
  compensate: { command: Tear, to: () => 'a', input: () => ({ word: 'child' }) },
})
const all = saga('all', { startsOn: Asked })
  .step('first', wordStep('first'))
  .each('lines', {
    over: () => ['l1', 'l2', 'l3'],
    key: (line) => line,
    atOnce: 2,
    do: (flow) =>
      flow.step('write', {
        command: Write,
        to: () => 'a',
        input: ({ words }, { item }) => ({ word: word(words, item) }),
        compensate: { command: Tear, to: () => 'a', input: (_data, { item }) => ({ word: item }) },
      }),
  })
  .parallel('both', {
    left: (flow) => flow.step('write', wordStep('left')),
    right: (flow) => flow.step('write', wordStep('right')),
  })
  .choose('how', ({ limit }) => (limit > 2 ? 'long' : 'short'), {
    long: (flow) => flow.step('write', wordStep('long')),
    short: (flow) => flow,
  })
  .awaitEvent('signature', Signed, { within: '1h' })
  .sleep('rest', { for: '1d' })
  .ask('check', { owner: () => 'ada', question: () => 'Well?', decision: z.boolean(), within: 'forever' })
  .child('child', {
    saga: child,
    id: (_data, { sagaId }) => `${sagaId}-child`,
    data: ({ words }) => ({ why: word(words, 'child') }),
    compensate: { command: Tear, to: () => 'a', input: () => ({ word: 'child' }) },
  })
  .step('last', wordStep('last'))

function wordStep(own: string) {
  return {
    command: Write,
    to: () => 'a',
    input: ({ words }: { words: readonly string[] }) => ({ word: word(words, own) }),
    compensate: { command: Tear, to: () => 'a', input: () => ({ word: own }) },
  }
}

const words = ['first', 'l1', 'l2', 'l3', 'left', 'right', 'long', 'child', 'last']
const outcomes = [undefined, ...words]

test.each(outcomes)(
  'a saga that is refused at %s ends correctly, at whichever append the process dies',
  async (refused) => {
    let crashes = 0
    for (let after = 0; ; after++) {
      let hasCrashed = false
      for (const isWritten of [false, true]) {
        const [store, consumers, clock] = [memoryStore(), memoryConsumers(), manualClock()]
        const dying = crashingStore(store, { after, written: isWritten })
        const first = notebook([all, child], { store: dying, consumers, clock })
        await course(first.running, refused)
        hasCrashed ||= dying.hasCrashed
        if (dying.hasCrashed) crashes++
        await first.running.close()
        const second = notebook([all, child], { store, consumers, clock })
        await course(second.running, refused)
        const state = await second.running.waitForSaga(all, '1', patience)
        const at = `refused at ${refused}, crash after ${after}, written: ${isWritten}`
        expect(state.status, at).toBe(refused === undefined ? 'completed' : 'compensated')
        const seen = await written(second.running)
        const left = seen.filter((each) => !each.startsWith('-') && !seen.includes(`-${each}`))
        expect([...left].sort(), at).toEqual(refused === undefined ? [...words].sort() : [])
        expect(new Set(seen).size, `${at}: nothing twice`).toBe(seen.length)
        await second.running.close()

        /** Plays the world around a saga until the saga has ended or the process has died. */
        async function course(running: typeof first.running, no: string | undefined): Promise<void> {
          const commandId = 'ask'
          await running.send(Ask('1', { words: no === undefined ? [] : [no] }), { commandId }).catch(() => {})
          await running.send(Sign('1', { by: 'ada' }), { commandId: 'sign' }).catch(() => {})
          await vi.waitFor(
            async () => {
              if (running === first.running && dying.hasCrashed) return
              const now = await running.saga(all, '1')
              for (const wait of now?.waiting ?? []) {
                if (wait.for === 'time') clock.advance(86_400_000)
                if (wait.for === 'person') await running.decide(all, '1', { step: wait.step, decision: true })
              }
              expect(now?.status).toMatch(/^comp\w+ed$/)
            },
            { timeout: 20_000, interval: 2 },
          )
        }
      }
      if (!hasCrashed) break
    }
    expect(crashes).toBeGreaterThan(5)
  },
)

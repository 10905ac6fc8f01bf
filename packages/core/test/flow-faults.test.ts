// Findings about flows that are declared wrongly, or that could not end well.
import { type AnySaga, defineSystem, saga } from 'indelible'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Ask, Asked, Sign, Signed, Tear, Withdraw, Write, writing } from './notebook.ts'

const started = () => saga('Told', { startsOn: Asked })
const write = { command: Write, to: () => 'a', input: () => ({ word: 'x' }) }
const untyped = (given: unknown) => given as never

test.each<[what: string, declare: () => unknown, message: string]>([
  [
    'a step twice',
    () => started().step('One', write).step('One', write),
    'Step "One" of saga "Told" is declared twice. Each needs a name of its own.',
  ],
  [
    'a name with a space',
    () => started().step('a b', write),
    'A node of saga "Told" is named "a b": use letters, digits and "_", at most 60, and begin with a letter.',
  ],
  [
    'a compensation without a command',
    () => started().step('One', { ...write, compensate: untyped({}) }),
    'The compensation of step "One" of saga "Told" needs a declared command, and functions "to" and "input"',
  ],
  [
    'a timeout that is no duration',
    () => started().step('One', { ...write, timeout: 'soon' }),
    'Step "One" of saga "Told": "soon" is not a duration. Write 500ms, 30s, 1m, 2h or 7d',
  ],
  [
    'a list of which none is done',
    () => started().each('Lines', { over: () => [1], key: () => '', atOnce: 0, do: (flow) => flow }),
    'Each "Lines" of saga "Told" runs 0 at once: give a whole number from 1 on.',
  ],
  ['no branches', () => started().parallel('Both', {}), 'Parallel "Both" of saga "Told" has no branches.'],
  [
    'a wait without a limit',
    () => started().awaitEvent('Signature', Signed, untyped({})),
    `Await "Signature" of saga "Told" does not say how long it waits: within: '30m', or within: 'forever'.`,
  ],
  [
    'a sleep without an end',
    () => started().sleep('Rest', untyped({})),
    'Sleep "Rest" of saga "Told" needs either "for" or "until".',
  ],
  [
    'a question without a schema',
    () => started().ask('Person', untyped({ owner: () => '', question: () => '', within: '1h' })),
    'Ask "Person" of saga "Told" needs a schema for the decision',
  ],
  [
    'no start event',
    () => saga('Told', { startsOn: [] }),
    'Saga "Told" needs the event that starts it: startsOn: TransferRequested.',
  ],
  [
    'an older version that is not older',
    () => saga('Told', { startsOn: Asked, former: [started()] }),
    'Saga "Told" lists "Told" version 1 under "former". List lower versions of the same saga.',
  ],
])('%s is refused where it is declared', (_what, declare, message) => {
  expect(declare).toThrow(message)
})

const bare = started().step('Write', write)
const check = (...sagas: readonly AnySaga[]) =>
  defineSystem({ name: 'notebook', commands: [Write, Tear, Ask, Sign, Withdraw], sagas })

test.each<[what: string, saga: AnySaga, message: string]>([
  [
    'a step without compensation before one that may be refused',
    bare.sleep('Rest', { for: '1s' }).step('Again', write),
    '"Write" takes effect and cannot be taken back (start → "Write" → "Rest" → Again is refused (Refused)).',
  ],
  [
    'a step without compensation before a wait that may end',
    bare.awaitEvent('Signature', Signed, { within: '30m' }),
    '"Write" takes effect and cannot be taken back (start → "Write" → Signature gets no answer within 30m).',
  ],
  [
    'a step without compensation in a branch beside one that may be refused',
    started().parallel('Both', {
      left: (flow) => flow.step('Write', write),
      right: (flow) => flow.step('Write', writing('b', 'x')),
    }),
    '"Both/left/Write" takes effect and cannot be taken back (start → "Both/left/Write" → Both/right/Write is refused (Refused)).',
  ],
  [
    'a step without compensation for one item, where that of another may be refused',
    started().each('Lines', { over: () => ['a'], key: (line) => line, do: (flow) => flow.step('Write', write) }),
    '"Lines/Write" takes effect and cannot be taken back (start → "Lines/Write" → Lines/Write is refused (Refused)).',
  ],
  [
    'a refusal that the command does not declare',
    started().step('Write', { ...write, continueOn: untyped(['Refuse']) }),
    '"Write" goes on after the refusal Refuse, which Write does not declare.',
  ],
  [
    'a list for whose items nothing is done',
    started().each('Lines', { over: () => ['a'], key: (line) => line, do: (flow) => flow }),
    '"Lines" does nothing for its items. Add a step to its flow.',
  ],
  [
    'a child that is the saga itself',
    started().child('Own', { saga: started(), id: () => 'b', data: (data) => data, compensate: 'nothing' }),
    'Saga "Told" starts itself as a child (Told → Told), so that it never ends.',
  ],
])('%s is refused by the system', (_what, wrong, message) => {
  expect(() => check(wrong)).toThrow(message)
})

test('a step that declares nothing to compensate, a question and a last step need no compensation', () => {
  const approved = started()
    .step('First', { ...write, compensate: 'nothing' })
    .ask('Person', { owner: () => '', question: () => '', decision: z.boolean(), within: '1h', otherwise: 'continue' })
    .step('Last', write)
  expect(check(approved, saga('one', { startsOn: Asked, cancelsOn: Signed }).step('Write', write)).sagas).toHaveLength(
    2,
  )
})

// Boards that are drawn: whatever the grammar can say.
import fc from 'fast-check'
import type { Board, BoardStep, Field } from 'indelible/schema'

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,9}$/)
const name = fc.oneof(
  { weight: 5, arbitrary: word },
  fc.constantFrom('Order placed', 'a: b', 'say "hi"', 'back\\slash', 'x, y', 'žluťoučký', 'partner.Heard', '*star*'),
)
const names = fc.uniqueArray(name, { maxLength: 3 })
const someNames = fc.uniqueArray(name, { minLength: 1, maxLength: 3 })
const description = fc.option(
  fc.constantFrom(
    'A sentence.',
    '1. Not a list.',
    '# Not a heading',
    '- dash',
    'a *b* `c` <d> [e](f) _g_',
    'x: y & ~z',
  ),
)
const duration = fc.constantFrom('30s', '1m', '2d')
const baseType = fc.constantFrom(
  ...['text', 'integer', 'number', 'boolean', 'date', 'time', 'email', 'address', 'uuid', 'any'],
  ...['EUR | CZK', '1 | 2', '"a, optional" | b', '"text"', 'text or integer', 'list of text', 'map of integer'],
  ...['list of text, integer', 'list of list of A | B', 'map of list of date', '"x | y" or boolean'],
)

const fieldsIn = (depth: number, path: string, isInPersonal: boolean): fc.Arbitrary<readonly Field[]> =>
  fc
    .uniqueArray(word, { maxLength: depth === 0 ? 3 : 2 })
    .chain((all) => fc.tuple(...all.map((each) => fieldOf(each, { depth, path, isInPersonal }))))

function fieldOf(
  fieldName: string,
  { depth, path, isInPersonal }: { depth: number; path: string; isInPersonal: boolean },
): fc.Arbitrary<Field> {
  const own = path === '' ? fieldName : `${path}.${fieldName}`
  return fc
    .record({
      type: depth < 2 ? fc.oneof(baseType, fc.constantFrom('object', 'list of objects', 'map of objects')) : baseType,
      isRequired: fc.boolean(),
      isNullable: fc.boolean(),
      isPersonal: fc.boolean().map((is) => is || isInPersonal),
    })
    .chain((head) =>
      (/objects?$/.test(head.type) ? fieldsIn(depth + 1, own, head.isPersonal) : fc.constant([])).map((fields) => ({
        ...head,
        name: fieldName,
        path: own,
        constraints: [],
        description: null,
        fields,
      })),
    )
}

const fields = fieldsIn(0, '', false)
const event = (each: string) => fc.record({ name: fc.constant(each), description, fields })
const command = (each: string) =>
  fc.record({
    name: fc.constant(each),
    description,
    fields,
    emits: names,
    refuses: names,
    consults: names,
    isInternal: fc.boolean(),
    call: fc.option(fc.constantFrom('POST /payments', 'DELETE /payments/{id}/by-key/{idempotencyKey}')),
  })
const several = <Part>(of: (each: string) => fc.Arbitrary<Part>, maxLength = 3): fc.Arbitrary<readonly Part[]> =>
  fc.uniqueArray(name, { maxLength }).chain((all) => fc.tuple(...all.map(of)))
const lane = fc
  .constantFrom('aggregate' as const, 'facts' as const, 'system' as const, 'service' as const, 'elsewhere' as const)
  .chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      name: kind === 'elsewhere' ? fc.constant('elsewhere') : name,
      description,
      unique: kind === 'aggregate' ? fc.dictionary(word, name, { maxKeys: 2, noNullPrototype: true }) : fc.constant({}),
      commands: kind === 'elsewhere' ? fc.constant([]) : several(command),
      events: several(event),
    }),
  )

const otherwise = fc.constantFrom('compensate' as const, 'continue' as const)
const within = fc.oneof(duration, fc.constant('forever'))
const takenBack = fc.option(fc.oneof(name, fc.constant('nothing')))
const kindOf = <Kind extends string>(kind: Kind) => fc.constant(kind)

function stepOf(each: string, depth: number): fc.Arbitrary<BoardStep> {
  const named = { name: fc.constant(each) }
  const leaves = [
    fc.record({
      ...named,
      kind: kindOf('step'),
      sends: name,
      continueOn: names,
      compensatesWith: takenBack,
      timeout: fc.option(duration),
    }),
    fc.record({ ...named, kind: kindOf('await'), event: name, within, otherwise }),
    fc.record({ ...named, kind: kindOf('ask'), within, otherwise }),
    fc.record({ ...named, kind: kindOf('sleep'), for: fc.option(duration) }),
    fc.record({ ...named, kind: kindOf('child'), saga: name, compensatesWith: takenBack }),
  ]
  if (depth > 1) return fc.oneof(...leaves)
  const steps = several((inner) => stepOf(inner, depth + 1), 2)
  const branches = fc.dictionary(word, steps, { minKeys: 1, maxKeys: 2, noNullPrototype: true })
  return fc.oneof(
    ...leaves,
    fc.record({ ...named, kind: kindOf('each'), atOnce: fc.integer({ min: 1, max: 20 }), steps }),
    fc.record({ ...named, kind: fc.constantFrom('parallel' as const, 'choose' as const), branches }),
  )
}

const saga = fc.record({
  name,
  description,
  owner: fc.option(fc.constantFrom('sales', 'the payments team')),
  startsOn: names,
  data: fc.option(fields),
  cancelsOn: names,
  steps: several((each) => stepOf(each, 0)),
  onCompleted: fc.option(name),
  onCompensated: fc.option(name),
})
const column = fc.record({
  name: word,
  type: fc.constantFrom('text', 'integer', 'bigint', 'boolean', 'date', 'timestamp', 'json'),
  isKey: fc.boolean(),
  isNullable: fc.boolean(),
  isIndexed: fc.boolean(),
})
const listener = fc.record({ name, description, on: someNames })
const listOf = <Part extends { readonly name: string }>(part: fc.Arbitrary<Part>) =>
  fc.uniqueArray(part, { maxLength: 2, selector: (each) => each.name })

export const drawnBoards = fc.record({
  name,
  description,
  lanes: fc.uniqueArray(lane, { maxLength: 3, selector: ({ kind, name }) => `${kind} ${name}` }),
  models: listOf(fc.record({ name, description, by: someNames, on: someNames })),
  policies: listOf(fc.record({ name, description, on: someNames, sends: names })),
  sagas: listOf(saga),
  readModels: listOf(
    fc.record({
      name,
      description,
      columns: fc.uniqueArray(column, { maxLength: 3, selector: (each) => each.name }),
      history: fc.boolean(),
      on: someNames,
    }),
  ),
  reactions: listOf(listener),
  subscriptions: listOf(listener),
  hotSpots: fc.array(fc.constantFrom('Who pays?', '1. What now?'), { maxLength: 2 }),
}) as fc.Arbitrary<Board>

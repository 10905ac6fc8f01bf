// Boards of small made-up domains, drawn so that a system can be made of them.
import fc from 'fast-check'
import { fieldType } from 'indelible/schema'

const things = ['invoice', 'parcel', 'claim', 'shift', 'ticket', 'class', 'state']
const deeds = [
  ['Open', 'Opened'],
  ['Approve', 'Approved'],
  ['Close', 'Closed'],
] as const
const types = [
  ...['text', 'integer', 'number', 'boolean', 'date', 'time', 'email', 'address', 'uuid', 'any'],
  ...['EUR | CZK', '1 | 2', '"a, b"', 'text or integer', 'list of text', 'map of integer', 'list of text, integer'],
  ...['list of date or boolean', 'list of list of A | B'],
].filter(fieldType)

const field = fc.record({
  name: fc.constantFrom('note', 'by', 'amount', 'default', 'due_on', 'odd-name', 'last'),
  type: fc.constantFrom(...types, 'list of objects'),
  marks: fc.subarray([', or null', ', optional', ', personal']),
})
const fields = fc.uniqueArray(field, { maxLength: 4, selector: ({ name }) => name }).map((all) =>
  all.flatMap(({ name, type, marks }) => {
    // Paths of personal members have no hyphens in names.
    const line = `  - ${name}: ${type}${marks.join('')}`
    const inner = marks.includes(', personal') ? ', personal' : ''
    return type === 'list of objects'
      ? [line, `    - item: text${inner}`, `    - count: integer, optional${inner}`]
      : [line]
  }),
)
const deed = fc.record({
  input: fields,
  data: fields,
  isInternal: fc.boolean(),
  refuses: fc.subarray(['NotNow', 'Never']),
})

export const drawnDomains: fc.Arbitrary<string> = fc
  .record({
    lanes: fc.uniqueArray(fc.constantFrom(...things), { minLength: 1, maxLength: 3 }),
    deeds: fc.array(deed, { minLength: 9, maxLength: 9 }),
    hasSaga: fc.boolean(),
    hasPolicy: fc.boolean(),
  })
  .map(({ lanes, deeds: drawn, hasSaga, hasPolicy }) => {
    const capital = (thing: string) => thing[0]!.toUpperCase() + thing.slice(1)
    const sections = lanes.flatMap((thing, lane) => [
      `## Aggregate: ${thing}`,
      '### Commands',
      ...deeds.flatMap(([verb, past], index) => {
        const { input, isInternal, refuses } = drawn[lane * 3 + index]!
        return [
          `- ${verb}${capital(thing)}: ${verb} it's "so" \\\\ ok.`,
          ...input,
          `  - emits ${capital(thing)}${past}`,
          ...(refuses.length > 0 ? [`  - refuses ${refuses.join(', ')}`] : []),
          ...(isInternal ? ['  - internal'] : []),
        ]
      }),
      '### Events',
      ...deeds.flatMap(([, past], index) => [`- ${capital(thing)}${past}`, ...drawn[lane * 3 + index]!.data]),
    ])
    const [first] = lanes
    const a = capital(first!)
    return [
      '# drawn domain',
      ...sections,
      ...(hasPolicy ? ['## Policy: follow', `- on ${a}Opened`, `- sends Approve${a}`] : []),
      ...(hasSaga
        ? [
            '## Saga: follow_up',
            `- starts on ${a}Opened`,
            '- owner us',
            '### Steps',
            '1. rest sleeps for 1h',
            `2. close sends Close${a}`,
          ]
        : []),
      '## Read model: things',
      '- thing_id: text, key',
      '- note: text, or null',
      '- amount: bigint',
      `- on ${lanes.map((thing) => `${capital(thing)}Opened`).join(', ')}`,
      '',
    ].join('\n')
  })

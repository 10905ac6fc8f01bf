// Rows for those whose grant has conditions on a column that may be null, and a caller who asks for it.
import { aggregate, defineSystem, event, isIndelibleError, projection, startSystem, text } from 'indelible'
import { operations } from 'indelible/operations'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const Placed = event('Placed', z.object({ region: z.string().nullable() }))
const desk = aggregate('desk', { initialState: {} }).on(Placed, (state) => state)
const Place = desk.command('Place', { input: Placed.schema, emits: [Placed], decide: (_, data) => Placed(data) })
const desks = projection('desks', { table: { desk: text().key(), region: text().nullable() } }).write(
  Placed,
  ({ region }, { streamId }) => ({ desk: streamId, region }),
)
const system = defineSystem({ name: 'desks', commands: [Place], projections: [desks] })

const open = {}
const north = { region: 'north' }
const none: readonly string[] = []

test.each<[string, object, Readonly<Record<string, unknown>>, readonly string[] | string]>([
  ['nothing', north, open, ['n']],
  ['no value', north, { region: { isNull: true } }, none],
  ['no value, as in a URL', north, { region: { isNull: 'true' } }, none],
  ['a value', north, { region: { isNull: false } }, ['n']],
  ['a value, as in a URL', north, { region: { isNull: 'false', eq: 'north' } }, ['n']],
  ['what is neither', north, { region: { isNull: 'perhaps' } }, 'invalid_parameter'],
  ['null', north, { region: null }, none],
  ['null, for a region of this name', { region: 'null' }, { region: null }, none],
  ['null among others, for a region of this name', { region: 'null' }, { region: { in: [null, 'north'] } }, none],
  ['null as a text', { region: 'null' }, { region: 'null' }, ['x']],
  ['two conditions that no row meets', north, { region: { eq: 'north', in: ['south'] } }, none],
  ['two conditions that meet', north, { region: { eq: 'north', in: ['south', 'north'] } }, ['n']],
  ['its own region among others', { region: ['north', 'south'] }, { region: { in: ['south', 'west'] } }, ['s']],
  ['another region', north, { region: 'south' }, none],
])('a caller who asks for %s', async (_what, attributes, where, expected) => {
  const running = startSystem(system, {
    access: { grants: [{ role: 'clerk', may: 'read', tables: ['desks'], where: { region: { attribute: 'region' } } }] },
  })
  onTestFinished(() => running.close())
  const places = { n: 'north', s: 'south', x: 'null', u: null }
  for (const [id, region] of Object.entries(places)) await running.send(Place(id, { region }))
  await running.waitFor(desks, (await running.store.head()).position)
  const principal = { actor: 'carl', roles: ['clerk'], attributes: attributes as Record<string, string> }
  const found = await operations.selectRows
    .run(running, { name: 'desks', where }, { principal })
    .then(({ rows }) => rows.map(({ desk }) => desk))
    .catch((error) => {
      if (isIndelibleError(error)) return error.code
      throw error
    })
  expect(found).toEqual(expected)
})

// The modules of commands: how each decides, with a test of what it records.
import type { Board, BoardCommand, BoardLane, Field } from 'indelible/schema'
import { block, type Code, call, commented, headed, list, object, text } from './code.ts'
import { member, memberFor } from './lanes.ts'
import { Module } from './module.ts'
import { isIdentifier } from './names.ts'
import type { PlacedCommand, Places } from './places.ts'
import { destructured, names, type Source, sampleOf, samplesOf, schemaOf, valueFor } from './values.ts'

export function commandText(
  placed: PlacedCommand,
  board: Board,
  places: Places,
): readonly [file: string, text: string] {
  const { lane, command, type, place } = placed
  const module = new Module(place.file)
  module.use('zod', 'z')
  const aggregate = places.aggregates.get(lane.name)
  const callee = aggregate ? `${module.see(aggregate)}.command` : 'command'
  if (!aggregate) module.use('indelible', 'command')
  const models = command.consults.map((name) => ({
    place: places.models.get(name)!,
    model: board.models.find((each) => each.name === name)!,
  }))
  const consults = models.map(({ place: each, model }) => {
    const members = model.by.map((tag) => [tag, text(memberFor(tag, command.fields)!.name)] as const)
    return [each.name, [`${module.see(each)}.by(`, object(Object.fromEntries(members)), ')']] as const
  })
  const definition = object({
    description: command.description === null ? undefined : text(command.description),
    category: aggregate ? undefined : text(lane.name),
    input: schemaOf(command.fields),
    consults: consults.length === 0 ? undefined : object(Object.fromEntries(consults)),
    emits: names(module.seen(command.emits.map((each) => places.events.get(each)!))),
    refuses: command.refuses.length === 0 ? undefined : list(command.refuses.map(text)),
    visibility: command.isInternal ? "'internal'" : undefined,
    decide: decideCode(command, { lane, board, places }),
  })
  const about =
    command.description ??
    `${type}: ${command.emits.length === 0 ? 'nothing is recorded yet' : `records ${command.emits[0]}`}.`
  return [place.file, module.written(about, [[`export const ${place.name} = `, call(callee, text(type), definition)]])]
}

interface Surroundings {
  readonly lane: BoardLane
  readonly board: Board
  readonly places: Places
}

function decideCode(command: BoardCommand, { lane, board, places }: Surroundings): Code {
  const { values, sampled, used } = emittedData(command, lane, board)
  const [first, ...others] = command.emits
  const toWrite = [
    ...(command.refuses.length === 0
      ? []
      : [`To write: when it refuses, as in: if (…) return refuse(${text(command.refuses[0]!)})`]),
    ...(sampled.length === 0 ? [] : [`To write: where these come from: ${sampled.join(', ')}.`]),
    ...(others.length === 0 ? [] : [`To write: when it records ${others.join(', ')}.`]),
    ...(first === undefined ? ['To write: what it records.'] : []),
  ]
  const result: Code = first === undefined ? '[]' : call(places.events.get(first)!.code, values)
  const [input, context] = [parameter(command.fields, used), destructured(used.context)]
  const parameters =
    context !== '' ? `_state, ${input || '_input'}, ${context}` : input === '' ? '' : `_state, ${input}`
  if (toWrite.length === 0) return headed(`(${parameters}) =>`, result)
  return [`(${parameters}) => `, block([commented(toWrite, ['return ', result])])]
}

function parameter(fields: readonly Field[], { input }: { readonly input: readonly string[] }): string {
  if (input.length === 0) return ''
  return fields.every(({ name }) => isIdentifier(name)) ? destructured(input) : 'input'
}

/** The data of the first event, from the input, the id of the aggregate and the time of the command; samples where nothing fits. */
function emittedData(command: BoardCommand, lane: BoardLane, board: Board) {
  const event = board.lanes.flatMap(({ events }) => events).find(({ name }) => name === command.emits[0])
  const used = { input: [] as string[], context: [] as string[] }
  const sampled: string[] = []
  const isPlain = command.fields.every(({ name }) => isIdentifier(name))
  const sources = command.fields.map(
    (field): Source => ({ field, code: isPlain ? field.name : `input${member(field.name)}` }),
  )
  const values = (event?.fields ?? []).flatMap((field) => {
    const { code, isSample } = valueFor(field, sources)
    if (!isSample) {
      used.input.push(field.name)
      return [[field.name, code] as const]
    }
    const given = isOwnId(field, lane, event!.fields) ? 'id' : field.type === 'time' ? 'issuedAt' : undefined
    if (given && !command.fields.some(({ name }) => name === given)) {
      used.context.push(given)
      return [[field.name, given] as const]
    }
    if (!field.isRequired) return []
    sampled.push(field.name)
    return [[field.name, code] as const]
  })
  return { values: object(Object.fromEntries(values)), sampled, used, event }
}

function isOwnId(field: Field, lane: BoardLane, fields: readonly Field[]): boolean {
  return lane.kind === 'aggregate' && memberFor(lane.name, fields) === field
}

export function commandTestText(
  placed: PlacedCommand,
  board: Board,
  places: Places,
): readonly [file: string, text: string] {
  const { lane, command, type, place } = placed
  const file = place.file.replace(/\.ts$/, '.test.ts')
  const module = new Module(file)
  module.use('indelible', 'type DomainEvent')
  module.use('indelible/testing', 'decideAfter')
  module.use('vitest', 'expect', 'test')
  const given = command.fields.filter(({ isRequired }) => isRequired)
  const { event } = emittedData(command, lane, board)
  const expected = (event?.fields ?? []).flatMap((field) => {
    const { isSample } = valueFor(
      field,
      command.fields.map((each) => ({ field: each, code: each.name })),
    )
    const source = given.find(({ name }) => name === field.name)
    if (!isSample && source) return [[field.name, sampleOf(source)] as const]
    const isGiven = isSample && !command.fields.some(({ name }) => name === 'id')
    if (isGiven && isOwnId(field, lane, event!.fields)) return [[field.name, "'1'"] as const]
    if (isSample && field.type === 'time' && !command.fields.some(({ name }) => name === 'issuedAt'))
      return [[field.name, 'issuedAt'] as const]
    if (!isSample && field.isRequired) return [[field.name, sampleOf(field)] as const]
    return field.isRequired ? [[field.name, sampleOf(field)] as const] : []
  })
  const result: Code = event
    ? list([call(module.see(places.events.get(event.name)!), object(Object.fromEntries(expected)))])
    : '[]'
  const hasTime = expected.some(([, code]) => code === 'issuedAt')
  const hasId = expected.some(
    ([name, code]) => code === "'1'" && isOwnId(event!.fields.find((each) => each.name === name)!, lane, event!.fields),
  )
  const context = object({ id: hasId ? "'1'" : undefined, issuedAt: hasTime ? 'issuedAt' : undefined })
  const title = event ? `${type} records ${event.name}` : `${type} records nothing yet`
  return [
    file,
    module.written(`What ${type} records, and when it refuses.`, [
      [
        call('test', text(title), [
          '() => ',
          block([
            ...(hasTime ? ["const issuedAt = '2026-01-31T09:00:00.000Z'"] : []),
            'const given: readonly DomainEvent[] = []',
            ['const then = ', result],
            [
              'const decided = ',
              call(
                'decideAfter',
                'given',
                module.see(place),
                samplesOf(command.fields),
                ...(context === '{}' ? [] : [context]),
              ),
            ],
            'expect(decided).toEqual(then)',
          ]),
        ]),
        ...(command.refuses.length === 0 ? [] : ['\n']),
        ...command.refuses.map((reason): Code => ['\n', call('test.todo', text(`${type} refuses: ${reason}`))]),
      ],
    ]),
  ]
}

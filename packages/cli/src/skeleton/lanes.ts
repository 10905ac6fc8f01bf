// The modules of an aggregate: its events, its state, and its commands with a test for each.
import type { Board, BoardCommand, BoardLane, Field } from 'indelible/schema'
import { block, type Code, call, chain, commented, group, headed, list, object, text } from './code.ts'
import { Module } from './module.ts'
import { aOrAn, isIdentifier, pascal } from './names.ts'
import type { PlacedCommand, Places } from './places.ts'
import {
  destructured,
  hasSameForm,
  names,
  type Source,
  sampleOf,
  samplesOf,
  schemaOf,
  typeScriptOf,
  valueFor,
} from './values.ts'

export function eventsText(lane: BoardLane, board: Board, places: Places): readonly [file: string, text: string] {
  const module = new Module(places.events.get(lane.events[0]!.name)!.file)
  module.use('indelible', 'event')
  module.use('zod', 'z')
  const about =
    lane.kind === 'elsewhere'
      ? 'What happens elsewhere.'
      : lane.kind === 'service'
        ? `What the service "${lane.name}" answered.`
        : `Everything that can happen to ${aOrAn(lane.name)}.`
  return [
    module.file,
    module.written(
      about,
      lane.events.map((each) => eventCode(each, `export const ${places.events.get(each.name)!.name}`, board)),
    ),
  ]
}

export function eventCode(
  { name, description, fields }: BoardLane['events'][number],
  start: string,
  board: Board,
  type = name,
): Code {
  const tags = board.models
    .filter(({ on }) => on.includes(name))
    .flatMap(({ by }) => by.map((tag) => [tag, text(memberFor(tag, fields)!.name)] as const))
  const options = object({
    description: description === null ? undefined : text(description),
    tags: tags.length === 0 ? undefined : object(Object.fromEntries(tags)),
    personal: personal(fields).length === 0 ? undefined : list(personal(fields).map(text)),
  })
  return [`${start} = `, call('event', text(type), schemaOf(fields), ...(options === '{}' ? [] : [options]))]
}

/** The member that says which one is meant: `loan`, `loanId` or `loan_id`. */
export function memberFor(what: string, fields: readonly Field[]): Field | undefined {
  const known = [what, `${what}Id`, `${what}_id`].map((each) => each.toLowerCase())
  return fields.find(({ name, type }) => known.includes(name.toLowerCase()) && type === 'text')
}

function personal(fields: readonly Field[]): readonly string[] {
  return fields.flatMap(({ path, isPersonal, fields: inner }) => (isPersonal ? [path] : personal(inner)))
}

/** What the state of an aggregate has: the members of its events that mean one thing in all of them. */
export function stateFields(lane: BoardLane, board: Board): readonly Field[] {
  const all = foldedEvents(lane, board).flatMap(({ fields }) => fields)
  const byName = Map.groupBy(all, ({ name }) => name)
  return [...byName.values()].flatMap(([first, ...others]) =>
    first!.name !== lastMember &&
    others.every((each) => hasSameForm(each, first!) && each.isNullable === first!.isNullable)
      ? [{ ...first!, isRequired: false }]
      : [],
  )
}

/** Its own events, and what its commands emit besides. */
function foldedEvents(lane: BoardLane, board: Board) {
  const emitted = lane.commands.flatMap(({ emits }) => emits)
  const others = board.lanes.filter((each) => each !== lane).flatMap(({ events }) => events)
  return [...lane.events, ...others.filter(({ name }) => emitted.includes(name))]
}

export function aggregateText(lane: BoardLane, board: Board, places: Places): readonly [file: string, text: string] {
  const place = places.aggregates.get(lane.name)!
  const module = new Module(place.file)
  module.use('indelible', 'aggregate')
  const state = `${pascal(lane.name)}State`
  const members = stateFields(lane, board)
  const events = foldedEvents(lane, board)
  const lasts = ['nothing', ...events.map(({ name }) => name)].map(text)
  const oneLine = `readonly ${lastMember}: ${lasts.join(' | ')}`
  const last =
    oneLine.length <= 118 ? oneLine : `readonly ${lastMember}:\n${lasts.map((each) => `  | ${each}`).join('\n')}`
  const interfaceCode: Code = [
    '/** What decisions know: to begin with, what happened last, and the newest value of each member of the events. */\n',
    `export interface ${state} `,
    block([last, ...members.map((field) => `readonly ${fieldKey(field.name)}?: ${typeScriptOf(field)} | undefined`)]),
  ]
  const handlers = events.map((event): Code => {
    const kept = event.fields.filter(({ name }) => members.some((each) => each.name === name))
    const canDestructure = kept.every(({ name }) => isIdentifier(name))
    const data =
      kept.length === 0 ? '' : `, ${canDestructure ? destructured(kept.map(({ name }) => name)) : 'happened'}`
    const changes = kept.map(({ name }) => (canDestructure ? name : `${fieldKey(name)}: happened${member(name)}`))
    const changed = ['...state', `${lastMember}: ${text(event.name)}`, ...changes]
    const code: Code = [`(state${data}) => (`, group('{', changed, '}'), ')']
    return call('.on', module.see(places.events.get(event.name)!), code)
  })
  const unique = Object.entries(lane.unique).map(([each, reason]) => [each, text(reason)] as const)
  const options = object({
    description: lane.description === null ? undefined : text(lane.description),
    initialState: 'initialState',
    unique: unique.length === 0 ? undefined : object(Object.fromEntries(unique)),
  })
  const about = lane.description ?? `${capital(aOrAn(lane.name))}, as its events make it.`
  return [
    place.file,
    module.written(about, [
      interfaceCode,
      `const initialState: ${state} = { ${lastMember}: 'nothing' }`,
      chain([`export const ${place.name} = `, call('aggregate', text(lane.name), options)], handlers),
    ]),
  ]
}

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

function member(name: string): string {
  return isIdentifier(name) ? `.${name}` : `[${text(name)}]`
}

function fieldKey(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : text(name)
}

function capital(words: string): string {
  return words[0]!.toUpperCase() + words.slice(1)
}

const lastMember = 'last'

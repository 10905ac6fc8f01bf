// The modules of an aggregate: its events and its state.
import type { Board, BoardLane, Field } from 'indelible/schema'
import { block, type Code, call, chain, group, list, object, text } from './code.ts'
import { Module } from './module.ts'
import { aOrAn, isIdentifier, pascal } from './names.ts'
import type { Places } from './places.ts'
import { destructured, hasSameForm, schemaOf, typeScriptOf } from './values.ts'

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

export function member(name: string): string {
  return isIdentifier(name) ? `.${name}` : `[${text(name)}]`
}

function fieldKey(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : text(name)
}

function capital(words: string): string {
  return words[0]!.toUpperCase() + words.slice(1)
}

const lastMember = 'last'

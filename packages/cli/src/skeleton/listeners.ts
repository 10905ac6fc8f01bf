// The modules of what listens: decision models, projections, policies, reactions and subscriptions.
import type { Board, BoardListener, BoardModel, BoardPolicy, BoardReadModel, Field } from 'indelible/schema'
import { block, type Code, call, chain, commented, headed, list, object, text } from './code.ts'
import { Module } from './module.ts'
import { camel, isIdentifier } from './names.ts'
import type { Places } from './places.ts'
import { idFrom, toWrite, valuesFrom } from './sending.ts'
import { destructured, names } from './values.ts'

type Written = readonly [file: string, text: string]

export function modelText(model: BoardModel, places: Places): Written {
  const { file, name } = places.models.get(model.name)!
  const module = new Module(file)
  module.use('indelible', 'decisionModel')
  const definition = object({ description: described(model), initialState: '0', tags: list(model.by.map(text)) })
  const handlers = model.on.map((event) => call('.on', module.see(places.events.get(event)!), '(count) => count + 1'))
  const about = `${sentence(model, `Facts by ${model.by.join(' and ')}.`)} To begin with, it counts its events.`
  return [
    file,
    module.written(about, [
      chain([`export const ${name} = `, call('decisionModel', text(model.name), definition)], handlers),
    ]),
  ]
}

export function policyText(policy: BoardPolicy, board: Board, places: Places): Written {
  const { file, name } = places.policies.get(policy.name)!
  const module = new Module(file)
  module.use('indelible', 'policy')
  const sends = policy.sends.map((each) => places.commands.get(each)!)
  const definition = object({
    description: described(policy),
    sends: names(sends.map(({ place }) => module.see(place))),
  })
  const handlers = policy.on.map((event) => {
    const known = { data: fieldsOfEvent(event, board).filter(({ name: each }) => each !== 'streamId'), item: [] }
    const sent = sends.map((placed) => ({
      placed,
      id: idFrom(placed, known),
      input: valuesFrom(placed.command.fields, known),
    }))
    const data = destructured(sent.flatMap(({ id, input }) => [...id.fromData, ...input.fromData]))
    const usesStream = sent.some(({ id }) => id.code === undefined)
    const calls = sent.map(({ placed, id, input }) => call(placed.place.code, id.code ?? 'streamId', input.code))
    const comments = toWrite(sent.flatMap(({ input }) => input.sampled))
    const result: Code = calls.length === 0 ? 'undefined' : calls.length === 1 ? calls[0]! : list(calls)
    const parameters = usesStream ? `${data || '_data'}, { streamId }` : data
    const send: Code =
      comments.length === 0
        ? headed(`(${parameters}) =>`, result)
        : [`(${parameters}) => `, block([commented(comments, ['return ', result])])]
    return call('.on', module.see(places.events.get(event)!), send)
  })
  return [
    file,
    module.written(sentence(policy, `On ${policy.on.join(', ')}, sends ${policy.sends.join(', ')}.`), [
      chain([`export const ${name} = `, call('policy', text(policy.name), definition)], handlers),
    ]),
  ]
}

export function reactionText(reaction: BoardListener, places: Places): Written {
  const { file, name } = places.reactions.get(reaction.name)!
  const module = new Module(file)
  module.use('indelible', 'reaction')
  const options = object({ description: described(reaction) })
  const handlers = reaction.on.map((event) =>
    call('.on', module.see(places.events.get(event)!), [
      'async () => ',
      block(['// To write: what happens outside. It may happen again after a crash: send the idempotencyKey with it.']),
    ]),
  )
  return [
    file,
    module.written(sentence(reaction, `What happens outside on ${reaction.on.join(', ')}.`), [
      chain(
        [`export const ${name} = `, call('reaction', text(reaction.name), ...(options === '{}' ? [] : [options]))],
        handlers,
      ),
    ]),
  ]
}

export function subscriptionText(subscription: BoardListener, places: Places): Written {
  const { file, name } = places.subscriptions.get(subscription.name)!
  const module = new Module(file)
  module.use('indelible', 'subscription')
  const definition = object({
    description: described(subscription),
    on: names(module.seen(subscription.on.map((each) => places.events.get(each)!))),
    run: [
      'async () => ',
      block(['// To write: what is made of a batch of events. The next batch comes when this has ended.']),
    ],
  })
  return [
    file,
    module.written(sentence(subscription, `Follows ${subscription.on.join(', ')}.`), [
      [`export const ${name} = `, call('subscription', text(subscription.name), definition)],
    ]),
  ]
}

export function projectionText(model: BoardReadModel, board: Board, places: Places): Written {
  const { file, name } = places.readModels.get(model.name)!
  const module = new Module(file)
  module.use('indelible', 'projection', ...model.columns.map(({ type }) => type))
  const table = model.columns.map(({ name: column, type, isKey, isNullable, isIndexed }) => [
    column,
    `${type}()${isKey ? '.key()' : ''}${isNullable ? '.nullable()' : ''}${isIndexed ? '.index()' : ''}`,
  ])
  const definition = object({
    description: described(model),
    table: object(Object.fromEntries(table)),
    history: model.history ? 'true' : undefined,
  })
  const [first, ...others] = model.on
  const keys = model.columns.filter(({ isKey }) => isKey)
  const laneOf = (event: string) => board.lanes.find(({ events }) => events.some((each) => each.name === event))
  const handlers = [
    call('.write', module.see(places.events.get(first!)!), rowCode(model, fieldsOfEvent(first!, board))),
    ...others.map((event) => {
      const isKnownRow = keys.length === 1 && keys[0]!.type === 'text' && laneOf(event) === laneOf(first!)
      const change = changeCode(model, fieldsOfEvent(event, board))
      const place = module.see(places.events.get(event)!)
      if (isKnownRow) return call('.on', place, change)
      const found = keys.length === 1 ? keyMember(keys[0]!.name, fieldsOfEvent(event, board)) : undefined
      if (found)
        return call(
          '.on',
          place,
          object({
            key: `({ ${found} }) => ({ ${keys[0]!.name}: ${found} })`.replace(`${found}: ${found} }`, `${found} }`),
          }),
          change,
        )
      return call(
        '.on',
        place,
        block([commented(['To write: which rows it concerns. None yet.'], 'key: () => [],')]),
        change,
      )
    }),
  ]
  return [
    file,
    module.written(sentence(model, `The read table ${model.name}.`), [
      chain([`export const ${name} = `, call('projection', text(model.name), definition)], handlers),
    ]),
  ]
}

/** The new row of an event: its key is the id of the stream, the others come from the data. */
function rowCode({ columns }: BoardReadModel, fields: readonly Field[]): Code {
  const used: string[] = []
  const event: string[] = []
  const sampled: string[] = []
  const [firstKey] = columns.filter(({ isKey, type }) => isKey && type === 'text')
  const values = columns.map((column) => {
    const source = sourceOf(column, fields)
    if (column === firstKey && !source) {
      event.push('streamId')
      return [column.name, 'streamId'] as const
    }
    if (source) {
      used.push(source.name)
      const mayLack = !source.isRequired || (source.isNullable && !column.isNullable)
      return [
        column.name,
        mayLack ? `${source.name} ?? ${column.isNullable ? 'null' : empty[column.type]}` : source.name,
      ] as const
    }
    if (column.isNullable) return [column.name, 'null'] as const
    if (column.type === 'timestamp') {
      event.push('recordedAt')
      return [column.name, 'recordedAt'] as const
    }
    sampled.push(column.name)
    return [column.name, empty[column.type]] as const
  })
  const data = destructured(used)
  const parameters = event.length > 0 ? `${data || '_data'}, ${destructured(event)}` : data
  const row = object(Object.fromEntries(values))
  if (sampled.length === 0) return [`(${parameters}) => (`, row, ')']
  return [`(${parameters}) => `, block([commented(toWrite(sampled), ['return ', row])])]
}

function changeCode({ columns }: BoardReadModel, fields: readonly Field[]): Code {
  const used: string[] = []
  const values = columns.flatMap((column) => {
    const source = column.isKey ? undefined : sourceOf(column, fields)
    if (!source?.isRequired || (source.isNullable && !column.isNullable)) return []
    used.push(source.name)
    return [column.name === source.name ? column.name : `${column.name}: ${source.name}`]
  })
  if (used.length === 0) return '(row) => row'
  return [`(row, ${destructured(used)}) => ({ ${['...row', ...values].join(', ')} })`]
}

function sourceOf({ name, type }: BoardReadModel['columns'][number], fields: readonly Field[]): Field | undefined {
  return fields.find(
    (field) =>
      [name, camel(name)].includes(field.name) &&
      isIdentifier(field.name) &&
      field.name !== 'row' &&
      takes[type].test(field.type),
  )
}

function keyMember(column: string, fields: readonly Field[]): string | undefined {
  const known = [column, camel(column), column.replace(/_id$/, '')]
  return fields.find(
    ({ name, type, isRequired, isNullable }) =>
      known.includes(name) && isIdentifier(name) && type === 'text' && isRequired && !isNullable,
  )?.name
}

function fieldsOfEvent(event: string, board: Board): readonly Field[] {
  return board.lanes.flatMap(({ events }) => events).find(({ name }) => name === event)!.fields
}

export function described({ description }: { readonly description: string | null }): Code | undefined {
  return description === null ? undefined : text(description)
}

function sentence({ description }: { readonly description: string | null }, otherwise: string): string {
  return description ?? otherwise
}

const texts = '(?:text|email|address|uuid|[A-Za-z_][\\w-]*(?: \\| [A-Za-z_][\\w-]*)+)'
const takes = {
  text: new RegExp(`^${texts}$`),
  integer: /^integer$/,
  bigint: /^integer$/,
  boolean: /^boolean$/,
  date: /^date$/,
  timestamp: /^time$/,
  json: /^(?!any\b)/,
} as const
const empty = {
  text: "''",
  integer: '0',
  bigint: '0',
  boolean: 'false',
  date: "'2000-01-01'",
  timestamp: "'2000-01-01T00:00:00.000Z'",
  json: '{}',
} as const

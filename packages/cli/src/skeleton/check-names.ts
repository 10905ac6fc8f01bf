// Whether the names on a board can be names of declarations, modules and files.
import type { Board, BoardCommand, BoardFindings, BoardLane, BoardStep } from 'indelible/schema'
import { isIdentifier, isKeptByWindows, isOfEveryObject, kebab, pascal } from './names.ts'
import { eventsFileOf, folderOf, type Place, placesOf } from './places.ts'

export interface Asking {
  readonly findings: BoardFindings
  readonly line: (part: object) => number
}

export function checkNames(board: Board, { findings, line }: Asking): void {
  const formed = (part: { readonly name: string }, what: string, form: RegExp, how: string) => {
    if (!form.test(part.name)) findings.add(line(part), `"${part.name}" cannot name ${what}: use ${how}.`)
  }
  const word = /^[A-Za-z]\w{0,59}$/
  const wordHow = 'a letter, then letters, digits and "_"'
  for (const lane of board.lanes) {
    formed(lane, 'this', /^[A-Za-z][\w.]{0,99}$/, 'a letter, then up to 99 letters, digits, "_" and "."')
    if (folders.includes(folderOf(lane)))
      findings.add(line(lane), `"${lane.name}" is the name of a folder of the project. Choose another.`)
    if (isKeptByWindows(folderOf(lane)))
      findings.add(line(lane), `Windows keeps the name "${lane.name}" for itself. Choose another.`)
    for (const part of [...lane.commands, ...lane.events]) {
      if (!isIdentifier(pascal(part.name)) || part.name === '__proto__')
        findings.add(line(part), `"${part.name}" makes no name for code. Begin it with a letter, as in OrderPlaced.`)
      if (part.name.length > nameCharactersMax)
        findings.add(line(part), `"${part.name}" is longer than ${nameCharactersMax} characters. Shorten it.`)
    }
    if (lane.kind !== 'system') continue
    for (const event of lane.events)
      if (!event.name.startsWith(`${lane.name}.`))
        findings.add(
          line(event),
          `An event of another system has its name in front: write ${lane.name}.${event.name}, here and where it is heard.`,
        )
  }
  for (const each of [...board.sagas, ...board.policies, ...board.reactions, ...board.subscriptions, ...board.models])
    formed(each, 'this', word, wordHow)
  for (const each of board.readModels)
    formed(
      each,
      'a read table',
      /^[a-z_][a-z0-9_]{0,52}$/,
      `snake_case, as in ${kebab(each.name).replaceAll('-', '_') || 'order_list'}`,
    )
  for (const saga of board.sagas)
    for (const name of stepNames(saga.steps))
      if (!word.test(name) || isOfEveryObject(name))
        findings.add(line(saga), `"${name}" cannot name a step of ${saga.name}: use ${wordHow}.`)
  checkClashes(board, { findings, line })
}

/** Two declarations of one name, or two files whose names differ only in the case of letters. */
function checkClashes(board: Board, { findings, line }: Asking): void {
  const places = placesOf(board)
  const ofKind = (...kinds: readonly BoardLane['kind'][]) => board.lanes.filter(({ kind }) => kinds.includes(kind))
  const own = ofKind('aggregate', 'facts', 'service', 'elsewhere')
  /** One of them belongs to another system, so that both may have this type, but not this name. */
  const isNamedTwice = (lane: BoardLane, { name }: BoardCommand) => {
    const other = places.commands.get(name)!.lane
    return other !== lane && (other.kind === 'system' || lane.kind === 'system')
  }
  for (const lane of board.lanes)
    for (const command of lane.commands.filter((each) => isNamedTwice(lane, each)))
      findings.add(
        line(command),
        `"${command.name}" is asked of ${lane.name} and of ${places.commands.get(command.name)!.lane.name}. Write what it belongs to in front, in quotes: "${lane.name}: ${command.name}".`,
      )
  const commandPlaces = new Map([...places.commands].map(([name, { place }]) => [name, place]))
  const lanes = [...parts(ofKind('aggregate'), places.aggregates), ...parts(ofKind('system'), places.remotes)]
  const commands = own.flatMap((lane) =>
    parts(
      lane.commands.filter((each) => !isNamedTwice(lane, each)),
      commandPlaces,
    ),
  )
  const events = own.flatMap((lane) => parts(lane.events, places.events))
  const listeners = [
    ...parts(board.readModels, places.readModels),
    ...parts(board.sagas, places.sagas),
    ...parts(board.policies, places.policies),
    ...parts(board.models, places.models),
    ...parts(board.reactions, places.reactions),
    ...parts(board.subscriptions, places.subscriptions),
  ]
  const seen = new Map<string, string>()
  const once = (key: string, { name, part }: Declared): void => {
    const before = seen.get(key.toLowerCase())
    seen.set(key.toLowerCase(), name)
    if (before === undefined) return
    findings.add(
      line(part),
      before === name
        ? `"${name}" stands on the board twice. Each event and command stands once.`
        : `"${name}" and "${before}" would have the same name in code, or names that differ only in the case of letters. Rename one.`,
    )
  }
  for (const each of [...commands, ...events, ...listeners]) once(each.place.name, each)
  for (const each of [...lanes, ...commands, ...listeners]) once(each.place.file, each)
  const isOfAggregate = ({ kind, name }: BoardLane) => kind === 'facts' && places.aggregates.has(name)
  for (const lane of board.lanes.filter(isOfAggregate))
    findings.add(
      line(lane),
      `"${lane.name}" is an aggregate, and only its own commands write to its streams. Put these under "## Aggregate: ${lane.name}", or give them a name of their own.`,
    )
  for (const lanes of Map.groupBy(
    own.filter((lane) => lane.events.length > 0 && !isOfAggregate(lane)),
    eventsFileOf,
  ).values())
    for (const lane of lanes.slice(1))
      findings.add(line(lane), `The events of "${lane.name}" and "${lanes[0]!.name}" would be in one file. Rename one.`)
  const consumers = [...board.sagas, ...board.policies, ...board.readModels, ...board.reactions, ...board.subscriptions]
  for (const [index, each] of consumers.entries())
    if (consumers.findIndex(({ name }) => name === each.name) < index)
      findings.add(
        line(each),
        `"${each.name}" names two of the sagas, policies, read models, reactions and subscriptions. Operators name them alone, so rename one.`,
      )
}

/** Also those of branches, and of steps inside others. */
function stepNames(steps: readonly BoardStep[]): readonly string[] {
  return steps.flatMap((step) => [
    step.name,
    ...(step.kind === 'each' ? stepNames(step.steps) : []),
    ...('branches' in step
      ? Object.entries(step.branches).flatMap(([branch, inner]) => [branch, ...stepNames(inner)])
      : []),
  ])
}

interface Declared {
  readonly name: string
  readonly part: object
}

function parts(all: readonly { readonly name: string }[], places: ReadonlyMap<string, Place>) {
  return all.flatMap((part) => {
    const place = places.get(part.name)
    return place ? [{ name: part.name, place, part }] : []
  })
}

/** Names of files are made of them. */
const nameCharactersMax = 100

const folders: readonly string[] = [
  'projections',
  'sagas',
  'policies',
  'models',
  'reactions',
  'subscriptions',
  'test',
  'data',
  'node-modules',
]

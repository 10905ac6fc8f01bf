// Whether the names on a board can be names of declarations, modules and files.
import type { Board, BoardFindings } from 'indelible/schema'
import { isIdentifier, kebab, pascal } from './names.ts'
import { type Place, placesOf } from './places.ts'

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
    formed(lane, 'this', /^[A-Za-z][\w.]*$/, 'a letter, then letters, digits, "_" and "."')
    if (folders.includes(kebab(lane.name)))
      findings.add(line(lane), `"${lane.name}" is the name of a folder of the project. Choose another.`)
    for (const part of [...lane.commands, ...lane.events])
      if (!isIdentifier(pascal(part.name)))
        findings.add(line(part), `"${part.name}" makes no name for code. Begin it with a letter, as in OrderPlaced.`)
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
  for (const step of board.sagas.flatMap((saga) => saga.steps.map((each) => ({ saga, each }))))
    if (!word.test(step.each.name))
      findings.add(line(step.saga), `"${step.each.name}" cannot name a step of ${step.saga.name}: use ${wordHow}.`)
  checkClashes(board, { findings, line })
}

/** Two declarations of one name, or two files whose names differ only in the case of letters. */
function checkClashes(board: Board, { findings, line }: Asking): void {
  const places = placesOf(board)
  const declared: { readonly name: string; readonly place: Place; readonly part: object }[] = [
    ...board.lanes.flatMap((lane) => [
      ...(lane.kind === 'system'
        ? []
        : lane.commands.map((command) => ({
            name: command.name,
            place: places.commands.get(command.name)!.place,
            part: command,
          }))),
      ...(lane.kind === 'system'
        ? []
        : lane.events.map((event) => ({ name: event.name, place: places.events.get(event.name)!, part: event }))),
    ]),
    ...parts(board.readModels, places.readModels),
    ...parts(board.sagas, places.sagas),
    ...parts(board.policies, places.policies),
    ...parts(board.models, places.models),
    ...parts(board.reactions, places.reactions),
    ...parts(board.subscriptions, places.subscriptions),
  ]
  const seen = new Map<string, string>()
  for (const { name, place, part } of declared) {
    const key = `${place.file}: ${place.name}`.toLowerCase()
    const before = seen.get(key) ?? seen.get(place.name.toLowerCase())
    if (before !== undefined)
      findings.add(
        line(part),
        before === name
          ? `"${name}" stands on the board twice. Each event and command stands once.`
          : `"${name}" and "${before}" would have the same name in code, or names that differ only in the case of letters. Rename one.`,
      )
    seen.set(key, name)
    seen.set(place.name.toLowerCase(), name)
  }
  const consumers = [...board.sagas, ...board.policies, ...board.readModels, ...board.reactions, ...board.subscriptions]
  for (const [index, each] of consumers.entries())
    if (consumers.findIndex(({ name }) => name === each.name) < index)
      findings.add(
        line(each),
        `"${each.name}" names two of the sagas, policies, read models, reactions and subscriptions. Operators name them alone, so rename one.`,
      )
}

function parts(all: readonly { readonly name: string }[], places: ReadonlyMap<string, Place>) {
  return all.map((part) => ({ name: part.name, place: places.get(part.name)!, part }))
}

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

// What documents are made from: the description of a system, and samples where a log is given.
import {
  allFields,
  type Board,
  type BoardPart,
  boardNames,
  boardOf,
  type CommandName,
  fieldsOf,
  type SystemDescription,
} from 'indelible/schema'
import type { Inline } from './blocks.ts'
import { fileNames } from './names.ts'
import { noSamples, type Samples } from './samples.ts'

export interface Source {
  readonly system: SystemDescription
  readonly board: Board
  readonly samples: Samples
  /** How the board names a command. */
  readonly nameOf: (command: CommandName) => string
  /** File names by event type, and by what pictures show. */
  readonly eventFiles: ReadonlyMap<string, string>
  readonly pictureFiles: ReadonlyMap<string, string>
}

export function sourceOf(system: SystemDescription, samples: Samples = noSamples): Source {
  const board = boardOf(system)
  const pictures = [
    'flow',
    'event-storming',
    ...board.lanes.map(({ kind, name }) => `${kind}-${name}`),
    ...system.sagas.map(({ name }) => `saga-${name}`),
  ]
  return {
    system,
    board,
    samples,
    nameOf: boardNames(system),
    eventFiles: fileNames(system.events.map(({ type }) => type)),
    pictureFiles: fileNames(pictures),
  }
}

/** The lane that an event stands in. */
export function laneOfEvent({ board }: Source, event: string): Board['lanes'][number] | undefined {
  return board.lanes.find(({ events }) => events.some(({ name }) => name === event))
}

/** Whether any of its data are personal. */
export function hasPersonal({ schema, personal }: SystemDescription['events'][number]): boolean {
  return allFields(fieldsOf(schema, personal)).some(({ isPersonal }) => isPersonal)
}

export function linkTo({ kind, name }: BoardPart): Inline {
  return { link: `${linkKinds[kind]}/${name}`, text: name }
}

export const linkKinds = {
  'decision model': 'facts',
  projection: 'table',
  saga: 'saga',
  policy: 'policy',
  reaction: 'reaction',
  subscription: 'subscription',
} as const satisfies Record<BoardPart['kind'], string>

export function counted(count: number, what: string, several = `${what}s`): string {
  return `${count} ${count === 1 ? what : several}`
}

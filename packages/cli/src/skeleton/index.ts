// A typed skeleton of a system, from its Event Storming board.
import type { Board, WrittenBoard } from 'indelible/schema'
import { commandTestText, commandText } from './commands.ts'
import { completed } from './completed.ts'
import { aggregateText, eventsText } from './lanes.ts'
import { modelText, policyText, projectionText, reactionText, subscriptionText } from './listeners.ts'
import { activityText, remoteText } from './outside.ts'
import { placesOf } from './places.ts'
import { projectFiles, type Versions } from './project.ts'
import { sagaText } from './sagas.ts'

export { exampleBoard } from './example-board.ts'
export { type WrittenFiles, writeMissing } from './write.ts'

export interface Skeleton {
  /** The board with what was left out. */
  readonly board: Board
  /** The text of each file by its path. */
  readonly files: ReadonlyMap<string, string>
}

/** Throws `board_invalid` with every question that the board leaves open. */
export function skeletonOf(written: WrittenBoard, versions: Versions): Skeleton {
  const board = completed(written)
  const places = placesOf(board)
  const lanes = (...kinds: readonly string[]) => board.lanes.filter(({ kind }) => kinds.includes(kind))
  const commands = (...kinds: readonly string[]) =>
    lanes(...kinds).flatMap((lane) => lane.commands.map(({ name }) => places.commands.get(name)!))
  const files = [
    ...projectFiles(board, places, versions),
    ...lanes('aggregate', 'facts', 'service', 'elsewhere')
      .filter(({ events }) => events.length > 0)
      .map((lane) => eventsText(lane, board, places)),
    ...lanes('aggregate').map((lane) => aggregateText(lane, board, places)),
    ...commands('aggregate', 'facts').flatMap((each) => [
      commandText(each, board, places),
      commandTestText(each, board, places),
    ]),
    ...commands('service').map((each) => activityText(each, board, places)),
    ...lanes('system').map((lane) => remoteText(lane, board, places)),
    ...board.models.map((each) => modelText(each, places)),
    ...board.readModels.map((each) => projectionText(each, board, places)),
    ...board.sagas.map((each) => sagaText(each, board, places)),
    ...board.policies.map((each) => policyText(each, board, places)),
    ...board.reactions.map((each) => reactionText(each, places)),
    ...board.subscriptions.map((each) => subscriptionText(each, places)),
  ]
  return { board, files: new Map(files) }
}

// The questions that a board leaves open.
import type { Board } from './board/board.ts'
import { listenersTo } from './board/relations.ts'

export function hotSpotsOf(board: Board): readonly string[] {
  const emitted = new Set(board.lanes.flatMap(({ commands }) => commands.flatMap(({ emits }) => emits)))
  const named = board.lanes.flatMap(({ kind, events }) => events.map(({ name }) => ({ kind, name })))
  return [
    ...named
      .filter(({ kind, name }) => kind !== 'system' && !emitted.has(name))
      .map(({ name }) => `No command makes ${name} happen. Where does it come from?`),
    ...named
      .filter(({ kind, name }) => kind !== 'service' && listenersTo(board, name).length === 0)
      .map(({ name }) => `Nobody listens to ${name}. Who needs to know?`),
    ...board.sagas
      .filter(({ owner }) => owner === null)
      .map(({ name }) => `Who looks at an instance of ${name} that cannot go on?`),
  ]
}

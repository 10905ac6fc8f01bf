// The board along a timeline: a swim lane for each lane of the board, and a column for each moment. The order is derived: what a saga or a policy sends comes after what
// made it send, and besides that, commands stand in the order of their declaration. Cycles are cut at the command that is declared first.
import type { Board, BoardCommand, BoardEvent, BoardLane } from './board.ts'
import { type BoardPart, eventsOf, listenersTo, sendersOf, sendsOf } from './relations.ts'

export interface BoardTimeline {
  readonly columns: number
  readonly lanes: readonly TimelineLane[]
}

export interface TimelineLane {
  readonly lane: BoardLane
  /** At most one in each column, by column. */
  readonly moments: readonly TimelineMoment[]
}

export interface TimelineMoment {
  readonly column: number
  /** Null for an event that no command here emits. */
  readonly command: BoardCommand | null
  /** The sagas and policies that send the command. */
  readonly senders: readonly BoardPart[]
  readonly events: readonly TimelineEvent[]
}

export interface TimelineEvent {
  readonly name: string
  /** Empty where the event stands on the timeline once more. */
  readonly listeners: readonly BoardPart[]
}

export function timelineOf(board: Board): BoardTimeline {
  const causes = causesIn(board)
  const columns = new Map<string, number>()
  const nextFree = new Map<BoardLane, number>()
  const laneOf = new Map(board.lanes.flatMap((lane) => lane.commands.map(({ name }) => [name, lane] as const)))
  for (const { name } of ordered(board, causes)) {
    const lane = laneOf.get(name)!
    const after = [...(causes.get(name) ?? [])].map((cause) => (columns.get(cause) ?? -1) + 1)
    const column = Math.max(nextFree.get(lane) ?? 0, ...after)
    columns.set(name, column)
    nextFree.set(lane, column + 1)
  }
  const told = new Set<string>()
  const eventOf = (name: string): TimelineEvent => {
    const listeners = told.has(name) ? [] : listenersTo(board, name)
    told.add(name)
    return { name, listeners }
  }
  const lanes = board.lanes.map((lane): TimelineLane => {
    const moments = lane.commands
      .toSorted((one, other) => columns.get(one.name)! - columns.get(other.name)!)
      .map((command) => ({
        column: columns.get(command.name)!,
        command,
        senders: sendersOf(board, command.name),
        events: command.emits.map(eventOf),
      }))
    return {
      lane,
      moments: [
        ...moments,
        ...uncaused(board, lane, nextFree.get(lane) ?? 0).map(({ name, column }) => ({
          column,
          command: null,
          senders: [],
          events: [eventOf(name)],
        })),
      ],
    }
  })
  return { columns: Math.max(0, ...lanes.flatMap(({ moments }) => moments.map(({ column }) => column + 1))), lanes }
}

/** The events of a lane that none of the commands emits. */
function uncaused(
  board: Board,
  lane: BoardLane,
  from: number,
): readonly { readonly name: string; readonly column: number }[] {
  const emitted = new Set(board.lanes.flatMap(({ commands }) => commands.flatMap(({ emits }) => emits)))
  return lane.events
    .filter(({ name }: BoardEvent) => !emitted.has(name))
    .map(({ name }, index) => ({ name, column: from + index }))
}

type Causes = ReadonlyMap<string, ReadonlySet<string>>

/** The commands that come before each command that people do not send. */
function causesIn(board: Board): Causes {
  const commands = board.lanes.flatMap((lane) => lane.commands.map((command) => ({ lane, command })))
  const sentByProcesses = new Set(
    commands
      .filter(({ lane, command }) => command.isInternal || lane.kind === 'service' || lane.kind === 'system')
      .map(({ command }) => command.name),
  )
  const emitters = Map.groupBy(
    commands.flatMap(({ command }) => command.emits.map((event) => ({ event, name: command.name }))),
    ({ event }) => event,
  )
  const causes = new Map<string, Set<string>>()
  const add = (command: string, before: readonly string[]) => {
    if (!sentByProcesses.has(command)) return
    const found = causes.get(command) ?? new Set()
    for (const each of before) if (each !== command) found.add(each)
    causes.set(command, found)
  }
  const emittersOf = (events: readonly string[]) =>
    events.flatMap((event) => (emitters.get(event) ?? []).map(({ name }) => name))
  for (const { on, sends } of board.policies) for (const command of sends) add(command, emittersOf(on))
  for (const saga of board.sagas) {
    const before = emittersOf(saga.startsOn.length > 0 ? saga.startsOn : eventsOf(saga))
    for (const { command, after } of sendsOf(saga))
      add(command, [...before, ...after.commands, ...emittersOf(after.events)])
  }
  return causes
}

/** Each time the first declared command whose causes all stand already, or where there is none, the first declared one. */
function ordered(board: Board, causes: Causes): readonly BoardCommand[] {
  const waiting = new Set(board.lanes.flatMap(({ commands }) => commands))
  const placed = new Set<string>()
  const order: BoardCommand[] = []
  while (waiting.size > 0) {
    const isFree = ({ name }: BoardCommand) => [...(causes.get(name) ?? [])].every((cause) => placed.has(cause))
    const next = [...waiting].find(isFree) ?? [...waiting][0]!
    waiting.delete(next)
    placed.add(next.name)
    order.push(next)
  }
  return order
}

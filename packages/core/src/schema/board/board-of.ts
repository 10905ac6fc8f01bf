// The board of a described system.

import { type CommandName, titleOf } from '../command-name.ts'
import type { SagaDescription } from '../describe-saga.ts'
import { fieldsOf } from '../fields.ts'
import { hotSpotsOf } from '../hot-spots.ts'
import type { CommandDescription, SystemDescription } from '../system-description.ts'
import type { Board, BoardCommand, BoardLane, BoardListener, BoardSaga, BoardStep } from './board.ts'

export function boardOf(system: SystemDescription): Board {
  const nameOf = boardNames(system)
  const { name, description } = system
  const board = {
    name,
    description,
    lanes: lanesOf(system, nameOf),
    models: system.decisionModels.map(({ name, description, tags, events }) => ({
      name,
      description,
      by: tags,
      on: events,
    })),
    policies: system.policies.map(({ name, description, on, sends }) => ({
      name,
      description,
      on,
      sends: sends.map(nameOf),
    })),
    sagas: system.sagas.map((saga) => sagaOf(saga, nameOf)),
    readModels: system.projections.map(({ name, description, columns, history, on }) => ({
      name,
      description,
      columns,
      history,
      on: on.map(({ event }) => event),
    })),
    reactions: system.reactions.map(listenerOf),
    subscriptions: system.subscriptions.map(listenerOf),
    hotSpots: [],
  }
  return { ...board, hotSpots: hotSpotsOf(board) }
}

type Naming = (command: CommandName) => string

/** How the board names a command: by its type; where several have it, with what it belongs to. */
export function boardNames({ commands, activities, remotes }: SystemDescription): Naming {
  const all = [...commands, ...activities, ...remotes.flatMap((remote) => remote.commands)]
  const byType = Map.groupBy(all, ({ type }) => type)
  return (command) => {
    if (byType.get(command.type)?.length === 1) return command.type
    return command.remote === undefined && command.service === undefined
      ? `${command.category}: ${command.type}`
      : titleOf(command)
  }
}

function lanesOf(system: SystemDescription, nameOf: Naming): readonly BoardLane[] {
  const { aggregates, commands, remotes, activities, events } = system
  const lane = (
    place: Pick<BoardLane, 'kind' | 'name' | 'description'>,
    its: readonly CommandDescription[],
    types: readonly string[],
    unique: BoardLane['unique'] = {},
  ): BoardLane => ({
    ...place,
    unique,
    commands: its.map((command) => commandOf(command, nameOf, Object.keys(unique).length)),
    events: events
      .filter(({ type }) => types.includes(type))
      .map(({ type, description, schema, personal }) => ({
        name: type,
        description,
        fields: fieldsOf(schema, personal),
      })),
  })
  const emittedBy = (its: readonly CommandDescription[]) => its.flatMap(({ emits }) => emits)
  const free = commands.filter(({ aggregate }) => aggregate === null)
  const lanes = [
    ...aggregates.map(({ category, description, unique, events }) => {
      const its = commands.filter(({ aggregate }) => aggregate === category)
      return lane({ kind: 'aggregate', name: category, description }, its, events, unique)
    }),
    ...[...Map.groupBy(free, ({ category }) => category)].map(([name, its]) =>
      lane({ kind: 'facts', name, description: null }, its, emittedBy(its)),
    ),
    ...remotes.map(({ name, description, commands, events }) =>
      lane({ kind: 'system', name, description }, commands, events),
    ),
    ...[...Map.groupBy(activities, ({ service }) => service)].map(([name, its]) =>
      lane({ kind: 'service', name, description: null }, its, emittedBy(its)),
    ),
    lane(
      { kind: 'elsewhere', name: 'elsewhere', description: null },
      [],
      events.map(({ type }) => type),
    ),
  ]
  return withoutRepeats(lanes).filter(({ kind, events }) => kind !== 'elsewhere' || events.length > 0)
}

/** An event is in the first lane that it belongs to. */
function withoutRepeats(lanes: readonly BoardLane[]): readonly BoardLane[] {
  const seen = new Set<string>()
  return lanes.map((lane) => ({
    ...lane,
    events: lane.events.filter(({ name }) => !seen.has(name) && seen.add(name)),
  }))
}

/** The refusals for values that must be unique stand last. The lane tells them. */
function commandOf(command: CommandDescription, nameOf: Naming, uniques: number): BoardCommand {
  const { description, input, emits, refuses, consults, visibility } = command
  return {
    name: nameOf(command),
    description,
    fields: fieldsOf(input),
    emits,
    refuses: refuses.slice(0, refuses.length - uniques).map(({ reason }) => reason),
    consults: consults.map(({ model }) => model),
    isInternal: visibility === 'internal' && command.remote === undefined && command.service === undefined,
    call: 'call' in command ? String(command.call) : null,
  }
}

function listenerOf({ name, description, on }: BoardListener): BoardListener {
  return { name, description, on }
}

function sagaOf(saga: SagaDescription, nameOf: Naming): BoardSaga {
  const { name, description, owner, startsOn, data, cancelsOn, flow, onCompleted, onCompensated } = saga
  return {
    name,
    description,
    owner,
    startsOn,
    data: data && fieldsOf(data),
    cancelsOn,
    steps: stepsOf(flow, nameOf),
    onCompleted: onCompleted && nameOf(onCompleted),
    onCompensated: onCompensated && nameOf(onCompensated),
  }
}

function stepsOf(flow: SagaDescription['flow'], nameOf: Naming): readonly BoardStep[] {
  const compensation = (given: CommandName | 'nothing' | null) =>
    given === null || given === 'nothing' ? given : nameOf(given)
  return flow.map((node): BoardStep => {
    switch (node.kind) {
      case 'step':
        return { ...node, sends: nameOf(node.sends), compensatesWith: compensation(node.compensatesWith) }
      case 'child':
        return { ...node, compensatesWith: compensation(node.compensatesWith) }
      case 'each':
        return { name: node.name, kind: node.kind, atOnce: node.atOnce, steps: stepsOf(node.flow, nameOf) }
      case 'parallel':
      case 'choose': {
        const branches = Object.entries(node.branches).map(([branch, nodes]) => [branch, stepsOf(nodes, nameOf)])
        return { name: node.name, kind: node.kind, branches: Object.fromEntries(branches) }
      }
      default:
        return node
    }
  })
}

// Flows and boards as SVG, of any system: everything is there, nothing lies over anything else, and nothing is outside.
import fc from 'fast-check'
import { type Board, type BoardLane, type Diagram, flowOverview, laneFlow, timelineOf } from 'indelible/schema'
import { describe, expect, test } from 'vitest'
import { crossedBoxes, isInside, overlap, parseXml, partsOf, type Rectangle } from '../../test/drawn.ts'
import { boardSvgOf, svgOf } from './index.ts'

const runs = process.env.INDELIBLE_LONG ? 2000 : 25

const drawn = (check: (board: Board) => void) => fc.assert(fc.property(anyBoard(), check), { numRuns: runs })

describe('any system', () => {
  test('has a flow with all its nodes and edges, no box, label or title over another, and no line through a box', () => {
    drawn((board) => {
      for (const diagram of [flowOverview(board), ...board.lanes.map((lane) => laneFlow(board, lane))])
        assertClear(diagram, svgOf(diagram))
    })
  })

  test('has a board with each note in its place, inside the picture', () => {
    drawn((board) => {
      const { view, nodes } = partsOf(parseXml(boardSvgOf(board)))
      assertApart(nodes)
      for (const node of nodes) {
        expect(isInside(node, view), node.what).toBe(true)
        for (const text of node.texts) expect(isInside(text, node), text.what).toBe(true)
      }
      const said = nodes.map(({ what }) => what.replaceAll(' ', ''))
      for (const { commands, events } of board.lanes)
        for (const { name } of [...commands, ...events]) expect(said.some((text) => text.startsWith(name))).toBe(true)
    })
  })

  test('has a timeline with each command once, one in a column of a lane, and what is sent after what made it send', () => {
    drawn((board) => {
      const { lanes, columns } = timelineOf(board)
      const all = lanes.flatMap(({ moments }) => moments)
      const commands = board.lanes.flatMap((lane) => lane.commands.map(({ name }) => name))
      expect(all.flatMap(({ command }) => command?.name ?? []).toSorted()).toEqual(commands.toSorted())
      for (const { moments } of lanes) expect(new Set(moments.map(({ column }) => column)).size).toBe(moments.length)
      expect(Math.max(-1, ...all.map(({ column }) => column))).toBeLessThan(Math.max(columns, 1))
      expect(timelineOf(structuredClone(board))).toEqual({ lanes, columns })
    })
  })
})

function assertClear(diagram: Diagram, svg: string): void {
  const { view, nodes, frames, edges, labels } = partsOf(parseXml(svg))
  expect(edges).toHaveLength(diagram.edges.length)
  assertApart([...nodes, ...labels])
  expect(crossedBoxes({ nodes, edges })).toEqual([])
  assertApart(frames)
  assertApart([...nodes, ...frames.map(({ title }) => title)])
  for (const node of nodes) for (const text of node.texts) expect(isInside(text, node), text.what).toBe(true)
  for (const frame of frames) expect(isInside(frame.title, frame), frame.what).toBe(true)
  for (const each of [...nodes, ...frames, ...labels]) expect(isInside(each, view), each.what).toBe(true)
}

function assertApart(boxes: readonly Rectangle[]): void {
  const overlaps = boxes.flatMap((one, index) =>
    boxes
      .slice(index + 1)
      .filter((other) => overlap(one, other))
      .map(({ what }) => `${one.what} / ${what}`),
  )
  expect(overlaps).toEqual([])
}

/** Lanes with commands and events, and listeners that hear some of the events and send some of the commands. */
function anyBoard(): fc.Arbitrary<Board> {
  const lane = fc.record({
    commands: fc.array(
      fc.record({ emits: fc.array(fc.nat(9), { maxLength: 2 }), refuses: fc.nat(4), isInternal: fc.boolean() }),
      { maxLength: 5 },
    ),
    events: fc.nat(4),
    kind: fc.constantFrom('aggregate', 'service', 'system', 'facts') as fc.Arbitrary<
      Exclude<BoardLane['kind'], 'elsewhere'>
    >,
  })
  const listener = fc.record({
    on: fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }),
    sends: fc.array(fc.nat(9), { maxLength: 3 }),
  })
  const listeners = fc.array(listener, { maxLength: 4 })
  return fc
    .record({
      lanes: fc.array(lane, { minLength: 1, maxLength: 6 }),
      models: listeners,
      policies: listeners,
      sagas: listeners,
      tables: listeners,
      reactions: listeners,
    })
    .map(({ lanes, models, policies, sagas, tables, reactions }): Board => {
      const events = lanes.map(({ events }, at) =>
        Array.from({ length: events }, (_, index) => `Event${at}Happened${index}`),
      )
      const commands = lanes.map(({ commands }, at) => commands.map((_, index) => `Do${at}Command${index}`))
      const some = (all: readonly string[], which: readonly number[]) =>
        all.length === 0 ? [] : [...new Set(which.map((each) => all[each % all.length]!))]
      const heard = (on: readonly number[]) => some(events.flat(), on)
      const sent = (sends: readonly number[]) => some(commands.flat(), sends)
      const named = (kind: string, index: number) => ({ name: `${kind}_${index}`, description: null })
      return {
        name: 'any',
        description: null,
        lanes: lanes.map(({ kind, commands: of }, at) => ({
          kind,
          name: `lane${at}`,
          description: null,
          unique: {},
          events: events[at]!.map((name) => ({ name, description: null, fields: [] })),
          commands: of.map(({ emits, refuses, isInternal }, index) => ({
            name: commands[at]![index]!,
            description: null,
            fields: [],
            emits: some(events[at]!, emits),
            refuses: Array.from({ length: refuses }, (_, each) => `Reason${each}ThatIsLong`),
            consults: models.length > 0 && index === 0 ? ['model_0'] : [],
            isInternal,
            call: null,
          })),
        })),
        models: models.map(({ on }, index) => ({ ...named('model', index), by: ['id'], on: heard(on) })),
        policies: policies.map(({ on, sends }, index) => ({
          ...named('policy', index),
          on: heard(on),
          sends: sent(sends),
        })),
        sagas: sagas.map(({ on, sends }, index) => ({
          ...named('saga', index),
          owner: index % 2 === 0 ? 'somebody' : null,
          startsOn: heard(on),
          data: null,
          cancelsOn: [],
          steps: sent(sends).map(
            (command) =>
              ({
                kind: 'step',
                name: command,
                sends: command,
                continueOn: [],
                compensatesWith: command,
                timeout: null,
              }) as const,
          ),
          onCompleted: null,
          onCompensated: null,
        })),
        readModels: tables.map(({ on }, index) => ({
          ...named('table', index),
          columns: [],
          history: false,
          on: heard(on),
        })),
        reactions: reactions.map(({ on }, index) => ({ ...named('reaction', index), on: heard(on) })),
        subscriptions: [],
        hotSpots: ['Who needs to know of this, and why does nobody say it?'],
      }
    })
}

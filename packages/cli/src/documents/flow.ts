// The CQRS Flow Diagram: the write side and the read side, the whole and each aggregate by itself.
import {
  type BoardCommand,
  type BoardLane,
  flowOverview,
  laneFlow,
  linkOfLane,
  listenersTo,
  sendersOf,
  titleOfLane,
} from 'indelible/schema'
import { type Block, heading, joined, list, type Page, paragraph, picture, type Text, table } from './blocks.ts'
import { readSide } from './read-side.ts'
import { fieldsTable } from './registry.ts'
import { counted, linkTo, type Source } from './source.ts'

export function flowPage(source: Source): Page {
  const { system, board } = source
  return {
    name: 'flow',
    title: 'CQRS Flow Diagram',
    about: `How ${system.name} works: commands change the write side, events say what happened, and the read side and the processes follow.`,
    blocks: [
      heading(2, 'Overview'),
      picture({
        name: source.pictureFiles.get('flow')!,
        alt: `The flow of ${system.name}: which lane tells whom, and who sends commands to which lane`,
        drawing: { diagram: flowOverview(board) },
      }),
      ...table(
        ['Write side', 'Commands', 'Events', 'Read by', 'Followed by'],
        board.lanes.map((lane) => laneRow(lane, source)),
      ),
      heading(2, 'Write side'),
      ...board.lanes.flatMap((lane) => laneBlocks(lane, source)),
      ...readSide(source),
    ],
  }
}

function laneRow(lane: BoardLane, { board }: Source): readonly Text[] {
  const listeners = lane.events.flatMap(({ name }) => listenersTo(board, name))
  const unique = [...new Map(listeners.map((each) => [`${each.kind} ${each.name}`, each])).values()]
  const tables = unique.filter(({ kind }) => kind === 'projection')
  const others = unique.filter(({ kind }) => kind !== 'projection')
  return [
    [{ link: linkOfLane(lane), text: titleOfLane(lane) }],
    String(lane.commands.length),
    String(lane.events.length),
    joined(tables.map(linkTo)),
    joined(others.map(linkTo)),
  ]
}

function laneBlocks(lane: BoardLane, source: Source): readonly Block[] {
  const unique = Object.entries(lane.unique)
  return [
    heading(3, titleOfLane(lane), { id: linkOfLane(lane) }),
    ...paragraph(lane.description),
    picture({
      name: source.pictureFiles.get(`${lane.kind}-${lane.name}`)!,
      alt: `${titleOfLane(lane)}: its commands, what they record, and who listens`,
      drawing: { diagram: laneFlow(source.board, lane) },
    }),
    ...list(
      unique.map(
        ([member, reason]): Text => [
          'No two have the same ',
          { code: member },
          ': a command is refused with ',
          { code: reason },
          '.',
        ],
      ),
    ),
    ...paragraph(
      lane.events.length === 0
        ? null
        : [`${counted(lane.events.length, 'event')}: `, ...eventLinks(lane.events.map(({ name }) => name)), '.'],
    ),
    ...lane.commands.flatMap((command) => commandBlocks(command, lane, source)),
  ]
}

function commandBlocks(command: BoardCommand, lane: BoardLane, source: Source): readonly Block[] {
  const { name, description, emits, refuses, consults, isInternal, call } = command
  const senders = sendersOf(source.board, name)
  return [
    heading(4, name, { id: `command/${name}`, ...(isInternal && { mark: 'internal' }) }),
    ...paragraph(description),
    ...list([
      [{ strong: 'Records: ' }, ...eventLinks(emits)],
      [
        { strong: 'Refused with: ' },
        ...joined(
          refuses.map((reason) => ({ code: reason })),
          'nothing',
        ),
      ],
      [
        { strong: 'Sent by: ' },
        ...joined(
          [...(isInternal || lane.kind === 'service' ? [] : ['people and programs']), ...senders.map(linkTo)],
          'nobody yet',
        ),
      ],
      ...(consults.length === 0
        ? []
        : [
            [
              { strong: 'Asks for facts: ' },
              ...joined(consults.map((model) => ({ link: `facts/${model}`, text: model }))),
            ],
          ]),
      ...(call === null ? [] : [[{ strong: 'Request: ' }, { code: call }]]),
    ]),
    ...fieldsTable(command.fields),
  ]
}

function eventLinks(events: readonly string[]) {
  return joined(
    events.map((event) => ({ link: `event/${event}`, text: event })),
    'nothing',
  )
}

// The read side, and everything else that follows events: tables, facts, policies, reactions and subscriptions.
import { type Block, heading, joined, list, paragraph, type Text, table } from './blocks.ts'
import type { Source } from './source.ts'

export function readSide({ system, board }: Source): readonly Block[] {
  return [
    ...section(
      'Read side',
      system.projections.flatMap((each) => [
        heading(3, each.name, { id: `table/${each.name}` }),
        ...paragraph(each.description),
        ...list([
          hears(each.on.map(({ event }) => event)),
          [
            { strong: 'Staleness target: ' },
            each.inline
              ? 'none: a command is answered when the table shows its events'
              : `${each.stalenessTargetMs} ms`,
          ],
          [
            { strong: 'Past: ' },
            ...(each.history
              ? ['every version of each row is kept in ', { code: `${each.name}__history` }]
              : ['folded from the log when it is asked for']),
          ],
        ]),
        ...table(
          ['Column', 'Type', 'Key', 'Indexed'],
          each.columns.map(({ name, type, isKey, isNullable, isIndexed }) => [
            [{ code: name }],
            isNullable ? `${type} or null` : type,
            isKey ? 'yes' : 'no',
            isIndexed ? 'yes' : 'no',
          ]),
        ),
      ]),
    ),
    ...section(
      'Facts',
      board.models.flatMap(({ name, description, by, on }) => [
        heading(3, name, { id: `facts/${name}` }),
        ...paragraph(description),
        ...list([[{ strong: 'By: ' }, ...joined(by.map((tag) => ({ code: tag })))], hears(on)]),
      ]),
    ),
    ...section(
      'Policies',
      board.policies.flatMap(({ name, description, on, sends }) => [
        heading(3, name, { id: `policy/${name}` }),
        ...paragraph(description),
        ...list([
          hears(on),
          [{ strong: 'Sends: ' }, ...joined(sends.map((command) => ({ link: `command/${command}`, text: command })))],
        ]),
      ]),
    ),
    ...listeners('Reactions', 'reaction', system.reactions),
    ...listeners('Subscriptions', 'subscription', system.subscriptions),
  ]
}

function listeners(title: string, kind: string, of: Source['system']['reactions']): readonly Block[] {
  return section(
    title,
    of.flatMap(({ name, description, from, retries, timeoutMs, on }) => [
      heading(3, name, { id: `${kind}/${name}` }),
      ...paragraph(description),
      ...list([
        hears(on),
        [
          { strong: 'Begins: ' },
          from === 'now' ? 'with what happens from its first start on' : 'with the first event of the log',
        ],
        [{ strong: 'Tries: ' }, `${retries} times again, each for at most ${timeoutMs} ms`],
      ]),
    ]),
  )
}

function section(title: string, blocks: readonly Block[]): readonly Block[] {
  return blocks.length === 0 ? [] : [heading(2, title), ...blocks]
}

function hears(events: readonly string[]): Text {
  return [{ strong: 'Hears: ' }, ...joined(events.map((event) => ({ link: `event/${event}`, text: event })))]
}

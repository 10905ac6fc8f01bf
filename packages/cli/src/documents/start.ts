// The first page: what the system is, and where everything is told.
import { type Block, heading, list, type Page, paragraph, table } from './blocks.ts'
import { counted, type Source } from './source.ts'

export function startPage({ system }: Source, others: readonly Page[]): Page {
  const { name, description, events, aggregates, commands, projections, sagas, policies, reactions } = system
  return {
    name: 'README',
    title: name,
    about: description ?? `The documents of ${name}.`,
    blocks: [
      ...table(
        ['Aggregates', 'Commands', 'Events', 'Read tables', 'Sagas', 'Policies', 'Reactions'],
        [[aggregates, commands, events, projections, sagas, policies, reactions].map(({ length }) => String(length))],
      ),
      heading(2, 'Documents'),
      ...list(others.map((page) => [{ file: `${page.name}.md`, text: page.title }, `: ${page.about}`])),
      heading(2, 'For programs'),
      ...files(events.length),
      ...paragraph(
        'Everything here is made from the declaration of the system by `indelible docs`. Change the declaration, not these files.'.replaceAll(
          '`',
          '"',
        ),
      ),
    ],
  }
}

function files(events: number): readonly Block[] {
  return list([
    [
      { file: 'index.html', text: 'index.html' },
      ': all of this as one page with search, which loads nothing from elsewhere',
    ],
    [{ file: 'asyncapi.json', text: 'asyncapi.json' }, ': the events and commands as AsyncAPI 3'],
    [
      { file: 'cloudevents.json', text: 'cloudevents.json' },
      `: a sample of each of the ${counted(events, 'event type')} as CloudEvents 1.0`,
    ],
    [{ code: 'schemas/' }, ': a JSON Schema for each version of each event type'],
    [{ code: 'mermaid/' }, ': the pictures as Mermaid text'],
    [{ code: 'eventcatalog/' }, ': a catalogue for EventCatalog'],
    [{ file: 'board.md', text: 'board.md' }, ': the Event Storming board as text'],
  ])
}

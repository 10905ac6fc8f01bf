// The Event Storming board as a page: the picture, and where its text is.
import { type Block, heading, list, type Page, paragraph, picture } from './blocks.ts'
import type { Source } from './source.ts'

export function eventStormingPage({ board, pictureFiles }: Source): Page {
  return {
    name: 'event-storming',
    title: 'Event Storming board',
    about: `What happens in ${board.name}, from left to right: who asks, who decides, what happens then, and who listens.`,
    blocks: [
      picture({
        name: pictureFiles.get('event-storming')!,
        alt: `The Event Storming board of ${board.name}: a swim lane for each aggregate, along a timeline`,
        drawing: { board },
      }),
      ...paragraph([
        'The order is derived: what a saga or a policy sends comes after what made it send. The same board as text is in ',
        { file: 'board.md', text: 'board.md' },
        '; a new system can begin with such a text.',
      ]),
      ...hotSpots(board.hotSpots),
    ],
  }
}

function hotSpots(spots: readonly string[]): readonly Block[] {
  return spots.length === 0 ? [] : [heading(2, 'Hot spots'), ...list(spots)]
}

// The event feed: what other systems hear of this one. A reader says how far it is, and waits at the end of the log for what comes next.
import type { RecordedEvent } from '../kernel/events.ts'
import { recordedNames } from '../kernel/recorded-forms.ts'
import { isReserved } from '../kernel/reserved.ts'
import { readFeed as feedPage } from '../runtime/remotes/feed-page.ts'
import type { SystemDescription } from '../schema/system-description.ts'
import { eventNames } from './event-definitions.ts'
import { objectOf, ref } from './json-schemas.ts'
import { pageBytesMax, pageDefault, pageMax, waitMsMax } from './limits.ts'
import { operation } from './operation.ts'
import { invalid, required, text, texts, wholeNumber } from './parameters.ts'

/** A page of the feed, and the place where the next one begins. */
export interface FeedRead {
  readonly events: readonly RecordedEvent[]
  /** Every event of these types up to here was read. The next page begins `after` it. */
  readonly position: number
  /** Names the history up to there. The next page is given it, so that a log that was restored from an older copy is noticed. */
  readonly history: string
  /** The end of the log. */
  readonly head: number
}

export const readFeed = operation({
  name: 'readFeed',
  effect: 'reads',
  needs: ({ types }) => ({ verb: 'read', events: types }),
  parameters: {
    types: required(texts({ description: 'The types of the events.' })),
    after: wholeNumber({
      description:
        'The position after which the page starts: 0 for the beginning of the log. Without it the page has no events and says where the log ends now.',
    }),
    history: text({ description: 'What the page that ended at that position had under "history".' }),
    limit: wholeNumber({
      min: 1,
      max: pageMax,
      default: pageDefault,
      description: 'The maximum number of events on the page. There are fewer if they are large.',
    }),
    waitMs: wholeNumber({
      max: waitMsMax,
      default: 0,
      description: 'The maximum time to wait for an event if there is none yet. Then the page has no events.',
    }),
  },
  refusals: ['feed_diverged'],
  waits: ({ waitMs = 0 }) => waitMs > 0,
  describe: (system) => [
    {
      group: 'history',
      summary: 'The events of some types, page by page, as they come',
      description:
        'For programs that follow this system. Keep position and history of a page with what you made of it, and give them for the next page, also after a restart: so each event comes once.',
      result: { description: 'One page of events, and where it ends.', schema: pageSchema(system) },
    },
  ],
  async run(running, { types, after, history, limit = pageDefault, waitMs = 0 }, { sees, signal }): Promise<FeedRead> {
    const declared = new Set(recordedNames(running.system.events))
    for (const type of types) {
      if (isReserved(type) || !declared.has(type)) throw invalid('types', `The system declares no event "${type}".`)
    }
    const page = await feedPage(running.store, { types, after, history, limit, bytesMax: pageBytesMax, waitMs }, signal)
    return { ...page, events: sees.events(page.events) }
  },
})

function pageSchema(system: SystemDescription) {
  return objectOf({
    events: { type: 'array', items: { anyOf: [...eventNames(system).map(ref), ref('RecordedEvent')] } },
    position: { type: 'integer', description: 'The next page begins after it.' },
    history: { type: 'string', description: 'Names the history up to that position.' },
    head: { type: 'integer', description: 'The end of the log.' },
  })
}

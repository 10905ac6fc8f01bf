// The story of one instance of a saga, as it happens.
import { streamName } from '../kernel/streams.ts'
import type { EventEntry, FeedMessage, LiveFeed } from '../runtime/live/index.ts'
import { begun, signalOf } from './follow-events.ts'
import { happeningSchema } from './list-sagas.ts'
import { messageSchema, reachedSchemas, resumption } from './live-schemas.ts'
import { operation } from './operation.ts'
import { required, text, wholeNumber } from './parameters.ts'
import { declaredSaga } from './saga-reading.ts'
import { happeningOf } from './saga-story.ts'

export const followSaga = operation({
  name: 'followSaga',
  effect: 'reads',
  needs: ({ name, id }) => ({ verb: 'read', saga: name, id }),
  isLive: true,
  parameters: {
    name: required(text({ description: 'The name of the saga.' })),
    id: required(text({ description: 'The id of the stream whose event starts it. It need not have started yet.' })),
    after: wholeNumber({ description: 'What happened after this position in the log. Without it, everything.' }),
    ...resumption,
  },
  refusals: ['invalid_stream_name', 'unknown_saga', 'feed_diverged'],
  describe: ({ sagas }) =>
    sagas.map(({ name }) => ({
      given: { name },
      group: 'sagas',
      summary: `What happens to one ${name}, as it happens`,
      result: {
        description: 'What happened so far, and then what happens.',
        schema: messageSchema({ happened: happeningSchema, ...reachedSchemas }),
      },
    })),
  async run(running, { name, id, after = 0, history, lastEventId }, { signal }): Promise<LiveFeed> {
    const { category } = declaredSaga(running.system.sagas, name)
    const query = [{ streams: [streamName(category, id)] }]
    const from = begun({ after, history, lastEventId })
    return await running.live.events.follow({ query, ...from, shown: story }, signalOf(signal))
  },
})

const story = {
  name: 'story',
  messages: ({ event, position }: EventEntry): readonly FeedMessage[] => [
    { kind: 'happened', position, data: happeningOf(event) },
  ],
}

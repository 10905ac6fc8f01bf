// The words of the catalogue, for a search that stands beside: code of our own that follows the log.
import { subscription } from 'indelible'
import { ProductListed } from '../products/events.ts'

/** Product ids by word. */
export const catalogue = new Map<string, Set<string>>()

export const search = subscription('search', {
  on: [ProductListed],
  from: 'beginning',
  run: (events) => {
    for (const { data, streamId } of events)
      for (const word of data.title.toLowerCase().split(/\W+/))
        catalogue.set(word, new Set([...(catalogue.get(word) ?? []), streamId]))
  },
})

// A search index that stands beside: a file with the ids of the products by word, made by code of our own that follows the log.
import { readFile, rename, writeFile } from 'node:fs/promises'
import { subscription } from 'indelible'
import { ProductListed } from '../products/events.ts'
import { outsideFile } from './place.ts'

export type SearchIndex = Readonly<Record<string, readonly string[]>>

export const search = subscription('search', {
  description: 'A search index of the products, beside the system.',
  on: [ProductListed],
  from: 'beginning',
  run: async (events) => {
    const index = new Map(Object.entries(await searchIndex()))
    for (const { data } of events)
      for (const word of wordsOf(data.title)) index.set(word, [...new Set(index.get(word)).add(data.product)])
    // A reader sees the file before or after, and a crash between leaves what the next try begins with.
    await writeFile(indexFile('.next'), JSON.stringify(Object.fromEntries(index)))
    await rename(indexFile('.next'), indexFile())
  },
})

export async function searchIndex(): Promise<SearchIndex> {
  const text = await readFile(indexFile(), { encoding: 'utf8', flag: 'a+' })
  return text === '' ? {} : JSON.parse(text)
}

const wordsOf = (title: string) => title.toLowerCase().match(/\p{L}+/gu) ?? []
const indexFile = (suffix = '') => outsideFile(`search.json${suffix}`)

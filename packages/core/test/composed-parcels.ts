// The configs of `composition.test.ts` use this domain: parcels that are stored in files, and notes of what was opened by which thread.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { bigint, defineConfig, type IndelibleConfig, IndelibleError, projection, reaction, text } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { ParcelPacked, parcels } from './parcels-domain.ts'

interface Composed {
  readonly dir: string
  readonly dataDir?: string
  readonly projections?: 'here' | 'thread'
  readonly fails?: boolean
  readonly noTables?: boolean
  readonly refuses?: boolean
  readonly registry?: boolean
  /** The log takes no event. */
  readonly full?: boolean
}

export function configOf(composed: Composed): IndelibleConfig {
  const { dir, dataDir, projections = 'here', fails, noTables, refuses, registry, full } = composed
  const note = (what: string) => appendFileSync(join(dir, 'opened'), `${what}\n`)
  const mail = reaction('mail', { retries: 0 }).on(ParcelPacked, ({ n }, { streamId }) => {
    if (fails) throw new Error('No such street.')
    appendFileSync(join(dir, 'mail'), `${streamId}${n} `)
  })
  const table = projection('parcels', { table: { parcel: text().key(), n: bigint() } }).write(
    ParcelPacked,
    ({ n }, { streamId }) => ({ parcel: streamId, n }),
  )
  return defineConfig({
    system: parcels({ reactions: [mail], projections: [table] }),
    ...(dataDir === undefined ? {} : { dataDir }),
    open: (options) => {
      if (refuses) throw new IndelibleError('invalid_duration', 'That is no duration.')
      note(`${options.mode} on ${isMainThread ? 'the main' : 'another'} thread`)
      const storage = fileStorage(options)
      const append = () => Promise.reject(new IndelibleError('store_full', 'The disk is full.'))
      return {
        ...storage,
        store: async () => ({ ...(await storage.store()), ...(full ? { append } : {}) }),
        projections,
        ...(registry === undefined ? {} : { registry }),
        tables: async () => {
          if (noTables) throw new Error('There is no database.')
          const tables = memoryTables()
          return {
            ...tables,
            async close() {
              await tables.close()
              note('tables closed')
            },
          }
        },
      }
    },
  })
}

/** What was opened and closed, in order. */
export function openedParcels(dir: string): readonly string[] {
  const path = join(dir, 'opened')
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []
}

// Records of consumers as files, one each, durable when they are saved. One that is damaged is reported: only a person knows from where to go on.
import { join } from 'node:path'
import { IndelibleError } from '../kernel/errors.ts'
import { type Disk, nodeDisk } from '../log/disk/index.ts'
import type { ConsumerRecord, ListedRecords } from '../store/consumers.ts'
import { readChecksummed, unfinishedEnding, writeChecksummed } from './checksummed-file.ts'

const ending = '.json'

export interface FileConsumersOptions {
  /** A directory for nothing else, such as `consumers` beside the log. Made if it is not there. */
  readonly dir: string
  readonly disk?: Disk
}

export function fileConsumers({ dir, disk = nodeDisk }: FileConsumersOptions): ListedRecords {
  const pathOf = (name: string) => join(dir, `${name}${ending}`)
  let swept: Promise<void> | undefined
  /** The unfinished file of a killed process has no use. Only a process that writes removes it, and there is only one. */
  const sweep = async () => {
    const left = (await disk.list(dir)).filter((file) => file.endsWith(unfinishedEnding))
    for (const file of left) await disk.remove(join(dir, file))
  }
  return {
    async load(name) {
      const path = pathOf(name)
      const found = await readChecksummed(disk, path)
      if (found === 'missing') return undefined
      const record = found === 'damaged' ? undefined : (found.value as ConsumerRecord | null)
      // It may be whole and that of another.
      if (record?.name === name) return record
      throw new IndelibleError(
        'consumer_damaged',
        `What is kept of the consumer "${name}" in ${path} is not what was written. Put back a copy of the file; or remove it: the consumer then begins as a new one.`,
        { details: { name, path } },
      )
    },
    async save(record) {
      // All wait for the first: it must not remove what another has just begun.
      swept ??= sweep()
      await swept.catch((error) => {
        swept = undefined
        throw error
      })
      await writeChecksummed(disk, pathOf(record.name), record, { durable: true })
      return 'saved'
    },
    async list() {
      const files = (await disk.list(dir)).filter((file) => file.endsWith(ending))
      return files.map((file) => file.slice(0, -ending.length)).sort()
    },
  }
}

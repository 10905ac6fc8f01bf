// Records of consumers as files, one each, durable when they are saved. One that is damaged is reported: only a person knows from where to go on.
import { join } from 'node:path'
import { IndelibleError } from '../kernel/errors.ts'
import { type Disk, nodeDisk } from '../log/disk/index.ts'
import type { ConsumerRecord, ConsumerRecords } from '../store/consumers.ts'
import { readChecksummed, writeChecksummed } from './checksummed-file.ts'

export interface FileConsumersOptions {
  /** A directory for nothing else, such as `consumers` beside the log. Made if it is not there. */
  readonly dir: string
  readonly disk?: Disk
}

export function fileConsumers({ dir, disk = nodeDisk }: FileConsumersOptions): ConsumerRecords {
  const pathOf = (name: string) => join(dir, `${name}.json`)
  return {
    async load(name) {
      const path = pathOf(name)
      const found = await readChecksummed(disk, path)
      if (found === 'missing') return undefined
      if (found !== 'damaged') return found.value as ConsumerRecord
      throw new IndelibleError(
        'consumer_damaged',
        `What is kept of the consumer "${name}" in ${path} is not what was written. Put back a copy of the file; or remove it: the consumer then begins as a new one.`,
        { details: { name, path } },
      )
    },
    async save(record) {
      await writeChecksummed(disk, pathOf(record.name), record, { durable: true })
    },
  }
}

// Records of consumers that live as long as the process.
import type { ConsumerRecord, ListedRecords } from '../store/consumers.ts'

export function memoryConsumers(): ListedRecords {
  const records = new Map<string, ConsumerRecord>()
  return {
    async load(name) {
      return structuredClone(records.get(name))
    },
    async save(record) {
      const { name, revision } = record
      if (revision !== undefined && (records.get(name)?.revision ?? 0) !== revision - 1) return 'superseded'
      records.set(name, structuredClone(record))
      return 'saved'
    },
    list: async () => [...records.keys()],
  }
}

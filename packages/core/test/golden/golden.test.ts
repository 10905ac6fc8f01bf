// Every log that a released version wrote can be read forever.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { backupLog, type FileStoreOptions, fileStore, logStats, rebuildIndex, verifyLog } from '../../src/file/index.ts'
import type { RecordedEvent } from '../../src/kernel/events.ts'
import { formatVersion } from '../../src/log/format/segment-header.ts'
import type { EventStore } from '../../src/store/port.ts'
import { type Expected, expectedOf, fieldsOf } from './expected.ts'

const formats = readdirSync(import.meta.dirname).filter((name) => name.startsWith('format-'))

function copyOf(format: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-golden-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const source = join(import.meta.dirname, format)
  cpSync(source, dir, { recursive: true, filter: (path) => path === source || /\.(log|idx|col)$/.test(path) })
  return dir
}

function filesOf(dir: string, ending: string): Record<string, Buffer> {
  const names = readdirSync(dir).filter((name) => name.endsWith(ending))
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(dir, name))]))
}

async function opened(options: FileStoreOptions): Promise<EventStore> {
  const store = await fileStore(options)
  onTestFinished(() => store.close())
  return store
}

test('the current format has a golden log', () => {
  expect(formats).toContain(`format-${formatVersion}`)
})

describe.each(formats)('the golden log of %s', (format) => {
  const expected: Expected = JSON.parse(readFileSync(join(import.meta.dirname, format, 'expected.json'), 'utf8'))
  const commandIds = Object.keys(expected.commits)
  const read = async (store: EventStore) => JSON.parse(JSON.stringify(await expectedOf(store, commandIds)))

  test('is intact', async () => {
    const dir = copyOf(format)
    const indexes = Object.keys(filesOf(dir, '.idx')).length
    const columns = Object.keys(filesOf(dir, '.col')).length
    expect(indexes).toBeGreaterThan(2)
    expect(columns).toBe(indexes - 1)
    expect(await verifyLog({ dir })).toMatchObject({
      events: expected.events.length,
      ending: 'closed',
      indexes: { checked: indexes, missing: 0 },
      columns: { checked: columns, missing: 0 },
    })
  })

  test.each(['read', 'write'] as const)('gives every event and commit when opened for %s', async (access) => {
    expect(await read(await opened({ dir: copyOf(format), access }))).toEqual(expected)
  })

  test.each(['read', 'write'] as const)('gives them without its index when opened for %s', async (access) => {
    const dir = copyOf(format)
    for (const name of Object.keys(filesOf(dir, '.idx'))) rmSync(join(dir, name))
    expect(await read(await opened({ dir, access, limits: { unindexedSegmentsMax: 1_000 } }))).toEqual(expected)
  })

  test('can be queried by stream, category, type, tag and correlation id', async () => {
    const store = await opened({ dir: copyOf(format), access: 'read' })
    const found = async (item: object) => {
      const batches = await Array.fromAsync(store.read([item]))
      return batches.flatMap(({ events }) => events.map(fieldsOf))
    }
    const events = expected.events as { stream: string; type: string; tags: string[]; metadata: string }[]
    const categoryOf = (stream: string) => stream.slice(0, stream.indexOf('-'))
    for (const value of new Set(events.map(({ stream }) => stream))) {
      expect(await found({ streams: [value] })).toEqual(events.filter(({ stream }) => stream === value))
    }
    for (const value of new Set(events.map(({ stream }) => categoryOf(stream)))) {
      expect(await found({ categories: [value] })).toEqual(events.filter(({ stream }) => categoryOf(stream) === value))
    }
    for (const value of new Set(events.map(({ type }) => type))) {
      expect(await found({ types: [value] })).toEqual(events.filter(({ type }) => type === value))
    }
    for (const value of new Set(events.flatMap(({ tags }) => tags))) {
      expect(await found({ tags: [value] })).toEqual(events.filter(({ tags }) => tags.includes(value)))
    }
    const correlationOf = (metadata: string) => (metadata === '' ? undefined : JSON.parse(metadata).correlationId)
    const ids = new Set(events.map(({ metadata }) => correlationOf(metadata)))
    for (const value of ids) {
      if (typeof value !== 'string' || value === '') continue
      const named = value.length > 512 ? [] : events.filter(({ metadata }) => correlationOf(metadata) === value)
      expect(await found({ correlationIds: [value] })).toEqual(named)
    }
  })

  test('has statistics that agree with its events', async () => {
    const dir = copyOf(format)
    const events = expected.events as { stream: string; type: string }[]
    const stats = await logStats({ dir })
    expect(stats).toMatchObject({ events: events.length, streams: new Set(events.map(({ stream }) => stream)).size })
    expect(stats.eventTypes.length).toBe(new Set(events.map(({ type }) => type)).size)
  })

  test.each([true, false])('is replayed from its columns: %s', async (hasColumns) => {
    const dir = copyOf(format)
    if (!hasColumns) for (const name of Object.keys(filesOf(dir, '.col'))) rmSync(join(dir, name))
    const store = await opened({ dir, access: 'read' })
    const told = (event: RecordedEvent) => ({ ...fieldsOf(event), data: event.data })
    const events = (await Array.fromAsync(store.read('all'))).flatMap((batch) => batch.events)
    const types = new Set(events.map(({ type }) => type))
    const batches = await Array.fromAsync(store.replay([...types], { after: 0 }))
    expect(batches.some(({ byStream }) => byStream !== undefined)).toBe(hasColumns)
    const replayed = batches.flatMap((batch) =>
      Array.from({ length: batch.length }, (_, index) => told(batch.event(index))),
    )
    expect(replayed).toEqual(events.map(told))
  })

  test('gets the same indexes and columns again, byte for byte', async () => {
    const dir = copyOf(format)
    const before = { ...filesOf(dir, '.idx'), ...filesOf(dir, '.col') }
    const last = Object.keys(filesOf(dir, '.idx')).at(-1)!
    for (const name of Object.keys(before)) if (name !== last) rmSync(join(dir, name))
    await rebuildIndex({ dir })
    expect({ ...filesOf(dir, '.idx'), ...filesOf(dir, '.col') }).toEqual(before)
  })

  test('is backed up, byte for byte', async () => {
    const dir = copyOf(format)
    const to = mkdtempSync(join(tmpdir(), 'indelible-golden-'))
    onTestFinished(() => rmSync(to, { recursive: true }))
    await backupLog({ from: dir, to })
    expect(filesOf(to, '.log')).toEqual(filesOf(dir, '.log'))
  })

  test('can be appended to, and recognises a command id from before', async () => {
    const dir = copyOf(format)
    const before = filesOf(dir, '.log')
    const store = await opened({ dir })
    const [commandId] = commandIds
    const events = [{ stream: 'account-1', type: 'Later', data: {} } as const]
    expect(await store.append({ events, commandId: commandId! })).toMatchObject({ status: 'duplicate' })
    expect(await store.append({ events })).toMatchObject({ firstPosition: expected.events.length + 1 })
    await store.close()
    // The earlier events are unchanged.
    for (const [name, bytes] of Object.entries(before)) {
      expect(readFileSync(join(dir, name)).subarray(0, bytes.length).equals(bytes)).toBe(true)
    }
    expect(await verifyLog({ dir })).toMatchObject({ events: expected.events.length + 1 })
  })
})

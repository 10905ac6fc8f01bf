import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { crashAfter, simulatedDisk } from '../../test/crash/simulated-disk.ts'
import type { ConsumerRecord } from '../store/consumers.ts'
import { consumerRecordsContract } from '../testing/contract/consumer-records.ts'
import { fileConsumers } from './consumers.ts'
import { diskBroken, diskFull, observedDisk, temporaryDirectory } from './test-support.ts'

const recordAt = (position: number, name = 'mail'): ConsumerRecord => ({
  name,
  checkpoint: { position, history: `the ${position}th` },
  isPaused: position % 2 === 0,
  parked: [],
  updatedAt: '2026-01-01T00:00:00.000Z',
})

describe('the records of consumers in files keep the contract', () => {
  test.each(consumerRecordsContract)('$name', async ({ run }) => {
    const dir = join(temporaryDirectory(), 'made', 'anew')
    await run({ records: fileConsumers({ dir }), again: async () => fileConsumers({ dir }) })
  })
})

test('a record with any byte changed, or cut at any byte, is refused with its name, its file and what to do', async () => {
  const dir = temporaryDirectory()
  const records = fileConsumers({ dir })
  await records.save(recordAt(7))
  const path = join(dir, 'mail.json')
  const whole = await readFile(path)
  const damaged = { code: 'consumer_damaged', details: { name: 'mail', path }, message: expect.stringContaining(path) }
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole)
    changed[at]! ^= 1 << (at % 8)
    await writeFile(path, changed)
    await expect(records.load('mail'), `byte ${at} changed`).rejects.toMatchObject(damaged)
    await writeFile(path, whole.subarray(0, at))
    await expect(records.load('mail'), `cut at ${at}`).rejects.toMatchObject(damaged)
  }
  await writeFile(path, Buffer.concat([whole, Buffer.from('\n')]))
  await expect(records.load('mail')).rejects.toMatchObject(damaged)
  // Reading leaves a damaged file as it is, so that a person can look at it. When a copy is put back, it is read.
  await writeFile(path, whole)
  expect(await records.load('mail')).toEqual(recordAt(7))
})

test('a record in a file that has the name of another consumer is refused', async () => {
  const dir = temporaryDirectory()
  const records = fileConsumers({ dir })
  await records.save(recordAt(7))
  await rename(join(dir, 'mail.json'), join(dir, 'index.json'))
  await expect(records.load('index')).rejects.toMatchObject({ code: 'consumer_damaged' })
  expect(await records.load('mail')).toBeUndefined()
})

test.each(['open', 'write', 'sync', 'rename', 'syncDir'] as const)(
  'when the disk fails at %s, the older or the newer record is there, and the next save succeeds',
  async (call) => {
    for (const fault of [diskFull(), diskBroken()]) {
      const dir = temporaryDirectory()
      let isFailing = false
      const before = (told: { call: string }) => {
        if (isFailing && told.call === call) throw fault
      }
      const records = fileConsumers({ dir, disk: observedDisk({ before }) })
      await records.save(recordAt(1))
      isFailing = true
      await expect(records.save(recordAt(2))).rejects.toMatchObject({ code: fault.code })
      const found = (await fileConsumers({ dir }).load('mail'))?.checkpoint.position
      expect(call === 'syncDir' ? [1, 2] : [1]).toContain(found)
      isFailing = false
      await records.save(recordAt(3))
      expect(await fileConsumers({ dir }).load('mail')).toEqual(recordAt(3))
      expect(await readdir(dir)).toEqual(['mail.json'])
    }
  },
)

test('a writer removes the unfinished file that a killed process left, and a reader does not', async () => {
  const dir = temporaryDirectory()
  await fileConsumers({ dir }).save(recordAt(1))
  await writeFile(join(dir, 'mail.json.4711-9.new'), 'half a rec')
  expect(await fileConsumers({ dir }).load('mail')).toEqual(recordAt(1))
  expect(await readdir(dir)).toHaveLength(2)
  const next = fileConsumers({ dir })
  await Promise.all(['a', 'b', 'c', 'mail'].map((name) => next.save(recordAt(2, name))))
  expect((await readdir(dir)).sort()).toEqual(['a.json', 'b.json', 'c.json', 'mail.json'])
})

test('after a power failure at any moment, the last saved record or the next one is there', async () => {
  const { disk, operations } = simulatedDisk()
  const records = fileConsumers({ dir: '/consumers', disk })
  /** How many disk operations were done when each save resolved. */
  const kept: number[] = []
  for (let position = 1; position <= 4; position++) {
    await records.save(recordAt(position))
    kept.push(operations.length)
  }
  for (let crash = 0; crash <= operations.length; crash++) {
    const said = kept.filter((count) => count <= crash).length
    const { pending, with: after } = crashAfter(new Map(), operations.slice(0, crash))
    for (let chosen = 0; chosen < 2 ** pending.length; chosen++) {
      const image = after(pending.filter((_, index) => chosen & (1 << index)))
      const found = await fileConsumers({ dir: '/consumers', disk: simulatedDisk(image).disk }).load('mail')
      expect([said, said + 1], `crash after ${crash}, ${chosen}`).toContain(found?.checkpoint.position ?? 0)
    }
  }
})

import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { failingFs } from '../../../test/reliability/failing-fs.ts'
import { temporaryDirectory } from '../../file/test-support.ts'
import { nodeDisk } from './disk.ts'

test('bytes are written and read at their place, and a read past the end is short', async () => {
  const path = join(temporaryDirectory(), 'file')
  const file = await nodeDisk.open(path, 'create')
  await file.write(Buffer.from('world'), 6)
  await file.write(Buffer.from('hello '), 0)
  await file.sync()
  const bytes = Buffer.alloc(20)
  expect([await file.read(bytes, 0), bytes.toString('utf8', 0, 11)]).toEqual([11, 'hello world'])
  expect(await file.read(bytes, 100)).toBe(0)
  await file.truncate(5)
  expect(await file.size()).toBe(5)
  await file.close()
  const again = await nodeDisk.open(path, 'read')
  await expect(again.write(Buffer.from('x'), 0)).rejects.toMatchObject({ code: 'io_failed' })
  await again.close()
})

test('a full disk has its own error code, and the cause is kept', async () => {
  // Linux's disk that is always full: https://man7.org/linux/man-pages/man4/full.4.html
  const full = await nodeDisk.open('/dev/full', 'write')
  await expect(full.write(Buffer.from('x'), 0)).rejects.toMatchObject({ code: 'store_full', cause: { code: 'ENOSPC' } })
  await full.close()
  const missing = join(temporaryDirectory(), 'missing')
  await expect(nodeDisk.open(missing, 'read')).rejects.toMatchObject({
    code: 'io_failed',
    message: expect.stringContaining(missing),
    details: { path: missing },
    cause: { code: 'ENOENT' },
  })
  await expect(nodeDisk.rename(missing, `${missing}.new`)).rejects.toMatchObject({ code: 'io_failed' })
  expect(await nodeDisk.list(missing)).toEqual([])
})

test('a directory is made with its parents, and may exist already', async () => {
  const dir = join(temporaryDirectory(), 'a', 'b', 'c')
  await nodeDisk.makeDir(dir)
  await nodeDisk.makeDir(dir)
  expect(await readdir(dir)).toEqual([])
  await writeFile(join(dir, 'file'), '')
  await expect(nodeDisk.makeDir(join(dir, 'file'))).rejects.toMatchObject({ code: 'io_failed' })
})

test('a directory whose name could not be made durable does not stay, and a retry makes it', async () => {
  const dir = temporaryDirectory()
  const failing = failingFs(dir, 'EMFILE', { k: 2, forever: false })
  const made = nodeDisk.makeDir(join(dir, 'a', 'b'))
  await expect(made.finally(() => failing.restore())).rejects.toMatchObject({ code: 'io_failed' })
  expect(failing.hit).toBe('open')
  expect(await readdir(dir)).toEqual([])
  await nodeDisk.makeDir(join(dir, 'a', 'b'))
})

test('a directory has one lock, by whatever path, and it can be taken again after it was released', async () => {
  const dir = temporaryDirectory()
  await mkdir(join(dir, 'log'))
  await symlink(join(dir, 'log'), join(dir, 'alias'))
  const unlock = await nodeDisk.lock(join(dir, 'log'))
  expect(await readFile(join(dir, 'log', 'writer.pid'), 'utf8')).toMatch(new RegExp(`^${process.pid} `))
  await expect(nodeDisk.lock(join(dir, 'alias'))).rejects.toMatchObject({ code: 'store_locked' })
  await unlock()
  await (await nodeDisk.lock(join(dir, 'alias')))()
  await expect(nodeDisk.lock(join(dir, 'missing'))).rejects.toMatchObject({ code: 'io_failed' })
})

test('when the lock file cannot be inspected, locking fails and keeps no lock', async () => {
  const dir = temporaryDirectory()
  const failing = failingFs(dir, 'EIO', { k: 1, forever: false })
  await expect(nodeDisk.lock(dir)).rejects.toMatchObject({ code: 'io_failed' })
  expect(failing.hit).toBe('statSync')
  failing.restore()
  await (await nodeDisk.lock(dir))()
})

test('when the holder of a lock cannot be looked up because too many files are open, the lock is not taken', async () => {
  const dir = temporaryDirectory()
  const failing = failingFs(dir, 'EMFILE', { k: 1, forever: false })
  await expect(nodeDisk.lock(dir)).rejects.toMatchObject({ code: 'io_failed', cause: { code: 'EMFILE' } })
  expect(failing.hit).toBe('readFileSync')
  failing.restore()
  await (await nodeDisk.lock(dir))()
})

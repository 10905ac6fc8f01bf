// `indelible docs`: a folder of its own, the same bytes each time, and a check for CI.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { brokenLinks, filesOf } from '../../test/documents.ts'
import { cli, configFile } from '../../test/support.ts'

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-docs-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
const docs = (out: string, ...more: readonly string[]) => cli(['docs', '--out', out, '--config', configFile, ...more])

test('writes the documents of a declaration, and the same bytes again', async () => {
  const [one, other] = [join(folder(), 'a', 'b'), folder()]
  expect(await docs(one)).toMatchObject({ code: 0, err: '' })
  const files = filesOf(one)
  expect(files).toEqual(
    expect.arrayContaining([
      'README.md',
      'registry.md',
      'flow.md',
      'sagas.md',
      'audit.md',
      'event-storming.md',
      'board.md',
      'index.html',
      'asyncapi.json',
      'pictures/flow.svg',
    ]),
  )
  expect(brokenLinks(one, files)).toEqual([])
  await docs(other)
  for (const file of files)
    expect(readFileSync(join(other, file), 'utf8'), file).toBe(readFileSync(join(one, file), 'utf8'))
  const again = await docs(one, '--json')
  expect(JSON.parse(again.out)).toMatchObject({ files: files.length, changed: 0, removed: 0 })
})

test('--check tells what differs, and writes nothing', async () => {
  const dir = folder()
  const missing = await docs(join(dir, 'new'), '--check')
  expect([missing.code, existsSync(join(dir, 'new'))]).toEqual([6, false])
  await docs(dir)
  expect((await docs(dir, '--check')).code).toBe(0)
  const page = join(dir, 'registry.md')
  writeFileSync(page, 'changed by hand')
  rmSync(join(dir, 'flow.md'))
  const { code, err } = await docs(dir, '--check')
  expect(code).toBe(6)
  expect(err).toMatch(
    /are not those of the declaration: (flow\.md, registry\.md|registry\.md, flow\.md)\. Run indelible docs/,
  )
  expect(readFileSync(page, 'utf8')).toBe('changed by hand')
  expect(JSON.parse((await docs(dir, '--json')).out)).toMatchObject({ changed: 2, removed: 0 })
  expect((await docs(dir, '--check')).code).toBe(0)
})

test('files that are not made any more are removed, and those of others stay', async () => {
  const dir = folder()
  await docs(dir)
  const list = join(dir, 'indelible-docs.json')
  const { about, files } = JSON.parse(readFileSync(list, 'utf8'))
  mkdirSync(join(dir, 'schemas', 'old'), { recursive: true })
  writeFileSync(join(dir, 'schemas', 'old', 'Gone.v1.json'), '{}')
  writeFileSync(join(dir, 'notes.txt'), 'mine')
  writeFileSync(list, JSON.stringify({ about, files: [...files, 'schemas/old/Gone.v1.json'] }))
  expect((await docs(dir, '--check')).err).toContain('schemas/old/Gone.v1.json')
  expect(JSON.parse((await docs(dir, '--json')).out)).toMatchObject({ removed: 1 })
  expect([existsSync(join(dir, 'schemas', 'old')), readFileSync(join(dir, 'notes.txt'), 'utf8')]).toEqual([
    false,
    'mine',
  ])
})

test.each<[string, Record<string, string>, RegExp]>([
  ['files of somebody else', { 'index.html': 'mine' }, /has files that indelible docs has not made \(index\.html\)/],
  [
    'a list that leads outside',
    { 'indelible-docs.json': '{"files":["../secret"]}' },
    /is not a list of indelible docs/,
  ],
  ['a list that is damaged', { 'indelible-docs.json': '{' }, /is not a list of indelible docs/],
])('a directory with %s is left alone', async (_what, files, message) => {
  const dir = folder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  const { code, err } = await docs(dir)
  expect(code).toBe(2)
  expect(err).toMatch(message)
  expect(readdirSync(dir)).toEqual(Object.keys(files))
})

test('a log that does not exist is told', async () => {
  const dir = folder()
  const { code, err } = await docs(join(dir, 'out'), '--data', join(dir, 'none'))
  expect([code, existsSync(join(dir, 'out'))]).toEqual([3, false])
  expect(err).toContain('none')
})

// Bundles that somebody changed who knows how: every sum is computed again, and still each change is found and named.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { changesOf } from '../../test/bundle-changes.ts'
import { changed, linesIn, madeBundle, packed, textOfLines, unpacked, verified } from '../../test/bundles.ts'
import { cli } from '../../test/support.ts'

const directory = mkdtempSync(join(tmpdir(), 'indelible-bundles-'))
const { file, key } = await madeBundle(9, directory)
const good = await unpacked(file)

afterAll(() => rmSync(directory, { recursive: true }))

test('a bundle that was packed again is right', async () => {
  expect(await verified(good, { keys: [key] })).toMatchObject({ findings: [], events: 9, signedBy: [key] })
})

test.each(changesOf(good))('$what: it is found and named', async ({ files, kind, message }) => {
  const { findings } = await verified(changed(good, files))
  const found = findings.find((each) => each.kind === kind)
  expect(found?.message, JSON.stringify(findings)).toContain(message)
})

test('one change of one event is one finding, and the events beside it count as proved', async () => {
  const lines = linesIn(good)
  const one = lines.with(4, lines[4]!.replace('Salary', 'Theft!'))
  const { findings, events } = await verified(changed(good, { 'events.ndjson': textOfLines(one) }))
  expect(findings).toMatchObject([{ kind: 'eventChanged', version: 5 }])
  expect(events).toBe(8)
  // Events whose proofs build on a line that is missing are not findings of their own.
  const without = changed(good, { 'events.ndjson': textOfLines(lines.toSpliced(3, 1)) })
  expect((await verified(without)).findings).toHaveLength(1)
})

test('a bundle that somebody made of another log, with another key, is right by its own keys only', async () => {
  const other = await unpacked((await madeBundle(9)).file)
  expect((await verified(other)).findings).toEqual([])
  const { findings } = await verified(other, { keys: [key] })
  expect(findings).toMatchObject([
    { kind: 'keyUnknown', message: expect.stringContaining(`The key ${key} has not signed`) },
  ])
})

test('the command ends with 6, and lists what is wrong', async () => {
  const file = await packed(changed(good, { 'events.ndjson': textOfLines(linesIn(good).toSpliced(3, 1)) }))
  const { code, out, err } = await cli(['evidence', 'verify', file, '--json'])
  expect(code).toBe(6)
  expect(JSON.parse(out).findings).toMatchObject([{ kind: 'eventMissing', file: 'events.ndjson', version: 4 }])
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'evidence_invalid' } })
  const shown = await cli(['evidence', 'verify', file])
  expect(shown.out).toContain('events.ndjson  Version 4 is missing before line 4.')
  expect(shown.err).toBe('error: The bundle is not right. Version 4 is missing before line 4.\n')
})

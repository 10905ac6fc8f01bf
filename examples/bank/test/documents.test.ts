// The documents of the bank, made with a log: every link leads somewhere, and every line of the Audit Trail Spec can be run.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SqlReadTables } from '@indelible/postgres'
import { openSystem } from 'indelible'
import { expect, onTestFinished, test } from 'vitest'
import {
  brokenLinks,
  failingLines,
  filesOf,
  linesOfTheLog,
  printedBy,
  runnable,
  writtenWhileRunning,
} from '../../../packages/cli/test/documents.ts'
import { newPgliteDirectory } from '../../../scripts/pglite-directory.ts'
import { seed } from '../seed.ts'

const proved = new URL('./proved.config.ts', import.meta.url)
const config = fileURLToPath(new URL('../indelible.config.ts', import.meta.url))

// An embedded Postgres that begins takes seconds, on a busy machine many.
test('the documents of a seeded bank are true', { timeout: 240_000 }, async () => {
  const data = mkdtempSync(join(tmpdir(), 'indelible-documents-'))
  onTestFinished(() => rmSync(data, { recursive: true, force: true }))
  const out = join(data, 'documents')
  await newPgliteDirectory(join(data, 'tables'))
  const running = await openSystem(proved, { dataDir: data })
  try {
    await seed(running, Date.now())
    expect(await writtenWhileRunning(running, { config, data, out })).toEqual([])
    await running.waitFor({ name: '$tree' }, (await running.store.head()).position)
    for (const { text } of runnable(out).filter(({ kind }) => kind === 'sql'))
      await (running.tables as SqlReadTables).query(text)
  } finally {
    await running.close()
  }

  expect(brokenLinks(out, filesOf(out))).toEqual([])
  const lines = runnable(out)
  expect(new Set(lines.map(({ kind }) => kind))).toEqual(new Set(['cli', 'http', 'sql', 'ts']))
  const ofTheLog = linesOfTheLog(out, { hasTree: true })
  expect(ofTheLog.filter(({ text }) => /^indelible (prove|evidence) /.test(text))).toHaveLength(2)
  expect(await failingLines(ofTheLog, { cwd: data, more: ['--config', config, '--data', data] })).toEqual([])
  const programs = lines.filter(({ kind }) => kind === 'ts')
  const printed = await Promise.all(programs.map(({ text }) => printedBy(text, { config, data })))
  expect(printed.map((text) => text.length > 0)).toEqual(programs.map(() => true))

  const registry = readFileSync(join(out, 'registry.md'), 'utf8')
  expect(registry).toContain('"owner": "…"')
  for (const file of filesOf(out))
    expect(readFileSync(join(out, file), 'utf8'), file).not.toMatch(/Ann Marlow|Ben Okafor|Cora Lindt/)
})

// The floors and the ban on cycles are lint rules. This test breaks them on purpose, in a copy of the sources, to see that the linter notices.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const forbidden = [
  ['packages/core/src/kernel', '../store/port.ts'],
  ['packages/core/src/kernel', 'node:fs'],
  ['packages/core/src/kernel', '../threads/index.ts'],
  ['packages/core/src/threads', '../store/port.ts'],
  ['packages/core/src/store', '../file/index.ts'],
  ['packages/core/src/log', '../store/port.ts'],
  ['packages/core/src/log/read', '../../store/port.ts'],
  ['packages/core/src/log/read', '../format/frame.ts'],
  ['packages/core/src/memory', '../file/index.ts'],
  ['packages/core/src/file', '../memory/index.ts'],
  ['packages/core/src/file', '../log/read/reader.ts'],
  ['packages/core/src/runtime', '../memory/index.ts'],
  ['packages/core/src/runtime/projections', '../../log/limits.ts'],
  ['packages/core/src/runtime/projections', './fold/row-fold.ts'],
  ['packages/core/src/runtime/projections/rebuild', '../follow/table-writer.ts'],
  ['packages/core/src/history', '../log/limits.ts'],
  ['packages/core/src/schema', '../file/index.ts'],
  ['packages/core/src/review', '../memory/index.ts'],
  ['packages/core/src/store', '../review/index.ts'],
  ['packages/core/src/proofs', '../memory/index.ts'],
  ['packages/core/src/file', '../proofs/index.ts'],
  ['packages/core/src/moving', '../file/index.ts'],
  ['packages/core/src/runtime', '../operations/index.ts'],
  ['packages/core/src/schema', '../operations/json-schemas.ts'],
  ['packages/core/src/operations', '../composition/start-system.ts'],
  ['packages/core/src/operations', '../memory/index.ts'],
  ['packages/core/src/operations', 'node:http'],
  ['packages/postgres/src', 'indelible/file'],
  ['packages/postgres/src/tables', '../pglite/client.ts'],
  ['packages/server/src', '@indelible/postgres'],
  ['packages/core/src/runtime/commands', '../guard/place.ts'],
  ['packages/client/src', 'node:http'],
  ['packages/client/src', 'indelible/operations'],
  ['packages/client/src', '@indelible/server'],
  ['packages/eslint-plugin/src/rules', 'indelible'],
  ['packages/opentelemetry/src', '@opentelemetry/sdk-trace'],
  ['packages/opentelemetry/src', 'indelible/file'],
  ['packages/cli/src', '@indelible/example-bank'],
  ['packages/cli/src/commands', '../output/text.ts'],
  ['packages/cli/src/commands', '../drawing/layout.ts'],
  ['packages/cli/src/commands', '../evidence/page.ts'],
] as const

const allowed = [
  ['packages/core/src/kernel', './errors.ts'],
  ['packages/core/src/threads', '../kernel/errors.ts'],
  ['packages/core/src/threads', 'node:worker_threads'],
  ['packages/core/src/log/read', '../../threads/index.ts'],
  ['packages/core/src/runtime/projections', '../../threads/index.ts'],
  ['packages/core/src/log/read', '../format/index.ts'],
  ['packages/core/src/log/read', '../limits.ts'],
  ['packages/core/src/log/read', './frame.ts'],
  ['packages/core/src/file', '../log/disk/index.ts'],
  ['packages/core/src/file', '../log/limits.ts'],
  ['packages/core/src/runtime', '../store/port.ts'],
  ['packages/core/src/operations', '../runtime/running-system.ts'],
  ['packages/core/src/runtime', '../proofs/index.ts'],
  ['packages/core/src/runtime/projections', './fold/index.ts'],
  ['packages/core/src/runtime/projections/fold', './row-fold.ts'],
  ['packages/core/src/runtime/commands', '../guard/index.ts'],
  ['packages/core/src/testing', '../memory/index.ts'],
  ['packages/postgres/src', 'indelible'],
  ['packages/opentelemetry/src', 'indelible/adapter'],
  ['packages/opentelemetry/src', '@opentelemetry/api'],
  ['packages/client/src', 'indelible'],
  ['packages/postgres/src/tables', '../sql/index.ts'],
  ['packages/postgres/src/tables', './records.ts'],
  ['packages/cli/src/commands', '../output/index.ts'],
] as const

const house = mkdtempSync(join(tmpdir(), 'indelible-floors-'))
let findings = ''

beforeAll(() => {
  cpSync('biome.json', join(house, 'biome.json'))
  writeFileSync(join(house, '.gitignore'), '')
  for (const [index, [room, specifier]] of [...forbidden, ...allowed].entries()) {
    write(`${room}/case${index}.ts`, `import type { X } from '${specifier}'\n\nexport type Y = X\n`)
  }
  write('packages/core/src/store/a.ts', `import { b } from './b.ts'\n\nexport const a = () => b\n`)
  write('packages/core/src/store/b.ts', `import { a } from './a.ts'\n\nexport const b = () => a\n`)
  findings = lint()
})

afterAll(() => rmSync(house, { recursive: true }))

test.each(forbidden.map((entry, index) => ({ entry, index })))(
  '$entry.0 may not import $entry.1',
  ({ entry, index }) => {
    expect(findings).toMatch(new RegExp(`${entry[0]}/case${index}\\.ts:\\d+:\\d+ lint/style/noRestrictedImports`))
  },
)

test.each(allowed.map((entry, index) => ({ entry, index })))('$entry.0 may import $entry.1', ({ entry, index }) => {
  expect(findings).not.toContain(`${entry[0]}/case${forbidden.length + index}.ts`)
})

test('two files that import each other are a cycle', () => {
  expect(findings).toMatch(/store\/a\.ts:\d+:\d+ lint\/suspicious\/noImportCycles/)
})

function write(file: string, code: string): void {
  mkdirSync(dirname(join(house, file)), { recursive: true })
  writeFileSync(join(house, file), code)
}

function lint(): string {
  const options = { cwd: house, encoding: 'utf8', stdio: 'pipe' } as const
  try {
    return execFileSync(
      resolve('node_modules/.bin/biome'),
      ['lint', '--vcs-enabled=false', '--max-diagnostics=100', '.'],
      options,
    )
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return stdout + stderr
  }
}

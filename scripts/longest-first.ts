// The order of test files: the longest first, because one that starts last would run alone while the other workers are idle.
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const root = join(import.meta.dirname, '..')

/** Those that take more than about twenty seconds, roughly in order. */
const longest = [
  'bench/test/bench.test.ts',
  'packages/postgres/src/pglite/ending.test.ts',
  'packages/postgres/src/pglite/pglite.test.ts',
  'scripts/packages.test.ts',
  'examples/bank/test/import.test.ts',
  'packages/core/test/crash/crash-states.test.ts',
  'packages/postgres/test/kills.test.ts',
  'packages/postgres/src/server/postgres.test.ts',
  'packages/postgres/test/rebuilds.test.ts',
  'docs/snippets.test.ts',
  'packages/core/src/file/damage.test.ts',
  'packages/postgres/src/tables/tables.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const gone = longest.filter((file) => !existsSync(join(root, file)))
    if (gone.length > 0) throw new Error(`scripts/longest-first.ts names files that are not there: ${gone.join(', ')}.`)
    const place = ({ moduleId }: TestSpecification) => {
      const index = longest.indexOf(relative(root, moduleId))
      return index < 0 ? longest.length : index
    }
    return (await super.sort(files)).sort((one, other) => place(one) - place(other))
  }
}

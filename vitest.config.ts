import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'
import { LongestFirst } from './scripts/longest-first.ts'
import { pgliteFlags } from './scripts/pglite-flags.ts'
import { SkipReporter } from './scripts/skips.ts'

// Property tests and campaigns draw from one seed: INDELIBLE_SEED=… repeats a run.
const seed = process.env.INDELIBLE_SEED ?? String(Math.floor(Math.random() * 2 ** 31))
process.env.INDELIBLE_SEED = seed
console.log(`INDELIBLE_SEED=${seed}${process.env.INDELIBLE_LONG ? ' INDELIBLE_LONG=1' : ''}`)

export default defineConfig({
  // Packages resolve to their TypeScript sources, as in development.
  ssr: { resolve: { conditions: ['@indelible/source', 'module', 'node'], externalConditions: ['@indelible/source'] } },
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    // Threads that begin with TypeScript strip its types by WebAssembly, each by the same module, and V8 13.6 can crash where one of them exchanges the
    // wrapper of a function while another ends (Runtime_TierUpWasmToJSWrapper, WasmEngine::FreeDeadCode). Built code has nothing of it.
    // Of programs that start 150 such threads, 6 of 225 ended so without these flags, and none of 200 with them.
    execArgv: ['--wasm-wrapper-tiering-budget=1000000000', '--no-wasm-code-gc', ...pgliteFlags],
    // Many tests wait for a disk, a process or a database, so that two cores are busy only with three files at a time.
    maxWorkers: Math.max(3, availableParallelism()),
    sequence: { sequencer: LongestFirst },
    reporters: [...configDefaults.reporters, new SkipReporter()],
    globalSetup: ['./scripts/of-this-run.ts'],
    setupFiles: ['./scripts/seed-fast-check.ts', './scripts/real-clock.ts'],
    // Files share the processes of the workers: starting one for each and loading the sources again costs more than most files.
    isolate: false,
    env: { INDELIBLE_SEED: seed },
    testTimeout: process.env.INDELIBLE_LONG ? 30 * 60_000 : 60_000,
    hookTimeout: 60_000,
  },
})

// Every skip says why: the title of a test that cannot run here ends with the reason, each run lists them, and a skip without a reason fails the run.
import type { Reporter, TestModule, Vitest } from 'vitest/node'

/** For the end of a title: why the tests are skipped, or nothing if they are not. */
export function skippedBecause(reason: string | undefined): string {
  return reason === undefined ? '' : ` (skipped: ${reason})`
}

export const linuxMissing = process.platform === 'linux' ? undefined : 'it needs /proc or ulimit, as Linux has them'

export class SkipReporter implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // A pattern for names skips all others.
    if (this.#vitest?.config.testNamePattern) return
    for (const module of modules) {
      // Tests behind a hook that failed count as skipped, and the failure says why.
      if (module.state() === 'failed') continue
      for (const test of module.children.allTests('skipped')) {
        const { note } = test.result() as { note?: string }
        const why = note ?? /\(skipped: (.+)\)/.exec(test.fullName)?.[1]
        console.log(
          `skipped: ${module.relativeModuleId} > ${test.fullName}${note === undefined ? '' : ` (skipped: ${note})`}`,
        )
        if (why !== undefined) continue
        console.error('error: That skip gives no reason. Use skippedBecause of scripts/skips.ts.')
        process.exitCode = 1
      }
    }
  }
}

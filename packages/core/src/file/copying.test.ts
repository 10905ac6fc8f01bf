import { join } from 'node:path'
import { describe, onTestFinished, test } from 'vitest'
import { logCopiesContract } from '../testing/contract/log-copies.ts'
import { fileCopySource, fileCopyTarget } from './copying.ts'
import { fileStore } from './event-store.ts'
import { temporaryDirectory } from './test-support.ts'

const small = {
  segmentBytesMax: 2000,
  segmentEventsMax: 20,
  reserveBytes: 500,
  queuedBytesMax: 300,
  unindexedEventsMax: 3,
}

describe.each([
  ['', {}],
  [' with small segments', small],
])('copies of files keep the contract%s', (_, limits) => {
  test.each(logCopiesContract)('$name', async ({ run }) => {
    const [dir, to] = [join(temporaryDirectory(), 'log'), join(temporaryDirectory(), 'log')]
    const store = await fileStore({ dir, limits })
    onTestFinished(() => store.close())
    await run({
      store,
      openSource: () => fileCopySource({ dir, limits }),
      stopWriting: () => store.close(),
      openTarget: fileCopyTarget({ dir: to, limits }),
      openCopy: () => fileStore({ dir: to, limits }),
    })
  })
})

// A process that really runs out of descriptors: it reports what it refuses, and continues as soon as there are descriptors.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { linuxMissing, skippedBecause } from '../../../../scripts/skips.ts'
import { verifyLog } from '../../src/log/maintenance/verify.ts'
import type { Crowded } from './crowded-child.ts'

test.skipIf(linuxMissing)(
  `a log with more files than may be open is read and appended to; without a free descriptor an append is refused, and the next one works${skippedBecause(linuxMissing)}`,
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'indelible-'))
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    const child = join(import.meta.dirname, 'crowded-child.ts')
    const limited = 'ulimit -n 100; exec "$0" --conditions=@indelible/source "$1" "$2"'
    const { stdout } = await promisify(execFile)('bash', ['-c', limited, process.execPath, child, dir])
    const { appends, healthWhenCrowded, healthAfterwards, events } = JSON.parse(stdout) as Crowded
    expect(appends.read).toEqual(Array(7).fill('written'))
    const refused = 5
    expect(appends.crowded).toEqual(['written', ...Array(refused).fill('io_failed')])
    expect(healthWhenCrowded).toMatchObject({
      canWrite: false,
      error: { code: 'io_failed', message: expect.stringContaining('EMFILE') },
      refusedAppends: { io_failed: refused },
    })
    expect(healthAfterwards).toMatchObject({ canWrite: true, refusedAppends: { io_failed: refused } })
    expect(appends.again).toEqual(Array(6).fill('written'))
    expect(events).toBe(120 + 7 + 6 - refused + 6)
    expect(await verifyLog({ dir })).toMatchObject({ events })
  },
)

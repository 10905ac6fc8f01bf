// What all files of one run share, in a directory that is removed afterwards. Vitest runs this before the first file.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export default function setup(): () => void {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-run-'))
  process.env.INDELIBLE_RUN_DIR = dir
  // Processes and threads that tests start strip and compile the same sources repeatedly: half of the cost of their start.
  process.env.NODE_COMPILE_CACHE ??= join(dir, 'compiled')
  return () => rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

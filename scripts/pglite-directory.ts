// A PGlite directory takes seconds of computing, so the first test that needs it makes it, once a run, and the others copy it.
import { randomUUID } from 'node:crypto'
import { cpSync, existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pgliteTables } from '@indelible/postgres'

const runDir = process.env.INDELIBLE_RUN_DIR!

/** Makes a directory that is as PGlite leaves a new and empty one; without a name, one that is removed after the run. Returns its name. */
export async function newPgliteDirectory(dir = join(runDir, `pglite-${randomUUID()}`)): Promise<string> {
  cpSync(await made(), dir, { recursive: true })
  return dir
}

async function made(): Promise<string> {
  const dir = join(runDir, 'pglite')
  if (existsSync(dir)) return dir
  const mine = `${dir}-${process.pid}`
  const tables = await pgliteTables({ dir: mine })
  await tables.close()
  try {
    renameSync(mine, dir)
  } catch (error) {
    // Another test file was first.
    if (!existsSync(dir)) throw error
    rmSync(mine, { recursive: true })
  }
  return dir
}

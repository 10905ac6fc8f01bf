// A directory of PGlite's: to make one takes it seconds of computing, so it is made once a run, by the first who needs it, and copied.
import { cpSync, existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pgliteTables } from '@indelible/postgres'

/** Makes a directory that is as PGlite leaves a new and empty one. Gives its name. */
export async function newPgliteDirectory(dir: string): Promise<string> {
  cpSync(await made(), dir, { recursive: true })
  return dir
}

async function made(): Promise<string> {
  const dir = join(process.env.INDELIBLE_RUN_DIR!, 'pglite')
  if (existsSync(dir)) return dir
  const mine = `${dir}-${process.pid}`
  const tables = await pgliteTables({ dir: mine })
  await tables.close()
  try {
    renameSync(mine, dir)
  } catch (error) {
    // Another file of tests was first.
    if (!existsSync(dir)) throw error
    rmSync(mine, { recursive: true })
  }
  return dir
}

// The thread of `projection-thread.test.ts`. Files in its directory control what happens to it.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { IndelibleError, runProjections } from 'indelible'
import { fileStore } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { tills } from './till.ts'

await runProjections(async ({ dir }: { dir: string }) => {
  if (existsSync(join(dir, 'locked'))) throw new Error('The door is locked.')
  if (existsSync(join(dir, 'busy'))) throw new IndelibleError('tables_unavailable', 'The door is in use.')
  const store = await fileStore({ dir: join(dir, 'log'), access: 'read' })
  const accident = join(dir, 'accident')
  setInterval(() => {
    if (!existsSync(accident)) return
    const what = readFileSync(accident, 'utf8')
    if (what === '') return
    rmSync(accident)
    if (what === 'exit') process.exit(3)
    if (what !== 'spin') throw new Error(what)
    while (!existsSync(join(dir, 'enough'))) {}
  }, 5).unref()
  return { system: tills, store, tables: memoryTables() }
})

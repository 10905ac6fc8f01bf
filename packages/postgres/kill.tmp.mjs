import { once } from 'node:events'
import { rmSync } from 'node:fs'
const { pgliteTables } = await import('/work/main/packages/postgres/src/pglite.ts')
const { accountRows, accounts, runScript } = await import('/work/main/packages/postgres/src/testing/samples.ts')
const dir = '/tmp/pgx/kill'
rmSync(dir, { recursive: true, force: true })
const script = `import { pgliteTables } from '@indelible/postgres'
      import { accountRows, accounts } from './src/testing/samples.ts'
      const tables = await pgliteTables({ dir: ${JSON.stringify(dir)} })
      for (let from = await tables.open(accounts); ; from++) {
        await tables.save({ table: accounts, upserts: accountRows(2000, from + 1), removals: [], from, to: from + 1 })
        console.log(from + 1)
      }`
let bad = 0, last = 0
for (let i = 0; i < 25; i++) {
  const child = runScript(script)
  let acked = 0
  child.stdout.on('data', (d) => { acked = Number(String(d).trim().split('\n').at(-1)) })
  await once(child.stdout, 'data')
  await new Promise((r) => setTimeout(r, Math.random() * 800))
  child.kill('SIGKILL'); await once(child, 'exit')
  const t0 = performance.now()
  const tables = await pgliteTables({ dir })
  const cp = await tables.checkpoint(accounts)
  const g = await tables.query('select balance, count(*) as n from accounts group by balance')
  const ok = g.length === 1 && g[0].balance === cp && g[0].n === 2000 && cp >= acked
  if (!ok) { bad++; console.log('BAD', { cp, acked, g }) }
  console.log(i, cp, acked, (performance.now()-t0).toFixed(0))
  await tables.close()
}
console.log('bad', bad)

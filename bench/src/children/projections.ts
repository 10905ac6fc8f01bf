// The thread that runs the projections of the bank.
import { postgresTables } from '@indelible/postgres'
import { runProjections } from 'indelible'
import { fileStore } from 'indelible/file'
import { bank } from '../bank.ts'

await runProjections(async ({ dir, connectionString }: { dir: string; connectionString: string }) => ({
  system: bank,
  store: await fileStore({ dir, access: 'read' }),
  tables: await postgresTables({ connectionString }),
  domainCode: 'trusted',
}))

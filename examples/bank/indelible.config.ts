// How the bank is opened, by its server, its threads, the command line and its tests: the log in files, the read tables in an embedded Postgres or on a server.
import { join } from 'node:path'
import { pgliteTables, postgresTables } from '@indelible/postgres'
import { defineConfig } from 'indelible'
import { fileStorage } from 'indelible/file'
import { bank } from './bank.ts'

export default defineConfig({
  system: bank,
  review: {
    accepted: [
      {
        rule: 'personal-without-erasure',
        subject: 'event AccountOpened',
        reason: 'The law obliges a bank to keep the owners of its accounts.',
      },
    ],
  },
  open: ({ dataDir, mode }) => {
    const connectionString = process.env.INDELIBLE_DATABASE
    return {
      ...fileStorage({ dataDir, mode }),
      tables: () =>
        connectionString ? postgresTables({ connectionString }) : pgliteTables({ dir: join(dataDir, 'tables') }),
      // The embedded Postgres takes one client; it has a thread of its own already.
      projections: connectionString ? 'thread' : 'here',
      audit: { refusals: true },
    }
  },
})

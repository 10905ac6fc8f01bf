// How the shop is opened: the log in files, the read tables in an embedded Postgres, the payment provider a fake.
import { join } from 'node:path'
import { pgliteTables } from '@indelible/postgres'
import { defineConfig } from 'indelible'
import { fileStorage } from 'indelible/file'
import { paymentProvider } from './outside/payment-provider.ts'
import { shop } from './system.ts'

export default defineConfig({
  system: shop,
  review: {
    accepted: [
      { rule: 'event-unheard', subject: 'event LineAdded', reason: 'OrderPlaced tells all lines to those who read.' },
      ...['CustomerRegistered', 'EmailChanged'].map((type) => ({
        rule: 'personal-without-erasure' as const,
        subject: `event ${type}`,
        reason: 'The example has no real customers. A shop decides here how it forgets one.',
      })),
    ],
  },
  open: ({ dataDir, mode }) => ({
    ...fileStorage({ dataDir, mode }),
    services: { payments: paymentProvider },
    tables: () => pgliteTables({ dir: join(dataDir, 'tables') }),
    audit: { refusals: true, reads: true },
  }),
})

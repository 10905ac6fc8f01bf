// Fills the shop of the config with a small history. Run it while the shop is not served.
import { openSystem } from 'indelible'
import { seed } from '../seed.ts'

await using shop = await openSystem(new URL('../indelible.config.ts', import.meta.url))
await seed(shop)
console.log('The shop has a history. Serve it: npm run serve -w @indelible/example-orders')

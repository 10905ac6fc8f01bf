// What the command line finds, in the folder of the application.
import { defineConfig } from 'indelible'
import { shop } from './shop.ts'

export default defineConfig({ system: shop, dataDir: './data' })

// Tells the command line which system this is and where its log lies.
import { defineConfig } from 'indelible'
import { bank } from './bank.ts'

export default defineConfig({ system: bank, dataDir: './data' })

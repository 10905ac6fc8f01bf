// The config of the tests' domain; the tests say where the log is.
import { defineConfig } from 'indelible'
import { system } from './domain.ts'

export default defineConfig({ system, dataDir: './no-such-directory' })

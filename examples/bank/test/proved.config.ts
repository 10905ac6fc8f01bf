// The bank with a Merkle tree, so that proofs and evidence of its events can be had.
import { defineConfig } from 'indelible'
import config from '../indelible.config.ts'

export default defineConfig({ ...config, open: (options) => ({ ...config.open(options), proofs: {} }) })

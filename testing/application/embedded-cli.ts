// The command line as a function: `node embedded-cli.ts` folds the state of a customer in ./data.
import assert from 'node:assert/strict'
import { exitCodes, run } from '@indelible/cli'

const { stdout, stderr } = process
const code = await run(['state', 'customer', 'ann'], {
  stdout,
  stderr,
  cwd: import.meta.dirname,
  signal: new AbortController().signal,
})
assert.equal(code, exitCodes.ok)

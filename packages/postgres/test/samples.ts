// What the tests of the adapters share: a table, its rows, and a process that runs a script.
import { type ChildProcess, spawn } from 'node:child_process'
import { bigint, type Checkpoint, type Row, type TableDefinition, text } from 'indelible'
import { pgliteFlags } from '../../../scripts/pglite-flags.ts'

export const accounts: TableDefinition = {
  name: 'accounts',
  columns: { account_id: text().key(), balance: bigint() },
  key: ['account_id'],
  fingerprint: 'accounts-1',
  code: '1',
}

/** Rows that all have the same balance, so that a mixture of two changes is visible. */
export function accountRows(count: number, balance: number): readonly Row[] {
  return Array.from({ length: count }, (_, index) => ({ account_id: `a-${index}`, balance }))
}

/** The checkpoint at a position of some history. */
export function at(position: number): Checkpoint {
  return { position, history: `history up to ${position}` }
}

/** Runs a module in its own process, from our sources. */
export function runScript(script: string): ChildProcess {
  const cwd = new URL('..', import.meta.url)
  const args = ['--conditions=@indelible/source', ...pgliteFlags, '--input-type=module', '--eval', script]
  return spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** What a process wrote and how it ended. */
export async function endOf(child: ChildProcess): Promise<{ output: string; code: number | null }> {
  let output = ''
  child.stdout!.on('data', (chunk) => (output += chunk))
  child.stderr!.on('data', (chunk) => (output += chunk))
  return await new Promise((resolve) => child.on('close', (code) => resolve({ output, code })))
}

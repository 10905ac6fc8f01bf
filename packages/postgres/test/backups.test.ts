// A log in Postgres is restored from its backups, with the programs of Postgres, and what was derived from the lost history notices that.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import {
  aggregate,
  bigint,
  defineSystem,
  type EventStore,
  event,
  projection,
  type RecordedEvent,
  type RunningSystem,
  reaction,
  refuse,
  startSystem,
  text,
} from 'indelible'
import { fileStorage } from 'indelible/file'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { skippedBecause } from '../../../scripts/skips.ts'
import { postgresStore, postgresTables } from '../src/index.ts'
import {
  backupProgramsMissing,
  type InstalledServer,
  program,
  serverDir,
  startInstalled,
} from './installed-postgres.ts'
import { freshDir } from './support.ts'

const amount = z.int()
const CashPaidIn = event('CashPaidIn', z.object({ amount }))
const CashTaken = event('CashTaken', z.object({ amount }))
const till = aggregate('till', { initialState: { cash: 0 } })
  .on(CashPaidIn, ({ cash }, { amount }) => ({ cash: cash + amount }))
  .on(CashTaken, ({ cash }, { amount }) => ({ cash: cash - amount }))
const PayIn = till.command('PayIn', {
  input: z.object({ amount }),
  emits: [CashPaidIn],
  decide: (_state, { amount }) => CashPaidIn({ amount }),
})
const Take = till.command('Take', {
  input: z.object({ amount }),
  emits: [CashTaken],
  refuses: ['TooLittle'],
  decide: ({ cash }, { amount }) => (cash < amount ? refuse('TooLittle') : CashTaken({ amount })),
})
const cash = projection('cash', { table: { till: text().key(), cash: bigint() } }).on(
  CashPaidIn,
  { initial: (_key, _data, { streamId }) => ({ till: streamId, cash: 0 }) },
  (row, { amount }) => ({ ...row, cash: row.cash + amount }),
)
const mail = reaction('mail', { from: 'beginning' }).on(CashPaidIn, async () => {})
const tills = defineSystem({ name: 'tills', commands: [PayIn, Take], projections: [cash], reactions: [mail] })

describe.skipIf(backupProgramsMissing)(`backups of Postgres${skippedBecause(backupProgramsMissing)}`, () => {
  let elsewhere: PostgresServer
  beforeAll(async () => {
    elsewhere = await startPostgresServer()
  })
  afterAll(() => elsewhere?.remove())

  test('after a restore to a time, tables, snapshots, reactions and the tree notice that their history is lost', async () => {
    const [first, second] = [serverDir(), serverDir()]
    const archive = join(first, 'archive')
    mkdirSync(archive)
    chmodSync(archive, 0o777)
    const archiving = { archive_mode: 'on', archive_command: `cp %p ${archive}/%f` }
    const server = await startInstalled(first, archiving)
    const dataDir = freshDir()

    /** Everything but the log is in files and in another database, and stays what it is. */
    const open = async ({ connectionString }: { connectionString: string }): Promise<RunningSystem> => {
      const { snapshots, consumers, proofFiles } = fileStorage({ dataDir, mode: 'run' })
      const store = await postgresStore({ connectionString })
      const tables = await postgresTables({ connectionString: elsewhere.connectionString, schema: 'tills' })
      return startSystem(tills, { store, tables, snapshots, consumers, proofFiles, proofs: {} })
    }
    const payIn = async (system: RunningSystem, times: number, amount: number) => {
      for (let n = 0; n < times; n++) await system.send(PayIn('1', { amount }))
    }
    const settled = async (system: RunningSystem) => {
      const { position } = await system.store.head()
      for (const name of [cash, mail, { name: '$tree' }]) await system.waitFor(name, position, { timeoutMs: 20_000 })
      return position
    }

    const before = await open(server)
    onTestFinished(() => before.close())
    await payIn(before, 5, 1)
    await program(
      'pg_basebackup',
      '-d',
      server.connectionString,
      '-D',
      join(second, 'data'),
      '--checkpoint=fast',
      '--no-sync',
    )
    await payIn(before, 5, 10)
    const kept = await settled(before)
    await pause(20)
    const time = new Date().toISOString()
    // So many that there is a snapshot of the till.
    await payIn(before, 150, 1_000)
    const lost = await settled(before)
    await program('psql', '-d', server.connectionString, '-c', 'SELECT pg_switch_wal()')
    await before.close()
    await server.stop()

    writeFileSync(join(second, 'data', 'recovery.signal'), '')
    const recovery = {
      archive_mode: 'off',
      restore_command: `cp ${archive}/%f %p`,
      // Postgres does not take the Z of a time here.
      recovery_target_time: time.replace('Z', '+00'),
      recovery_target_action: 'promote',
    }
    const after = await open(await startInstalled(second, recovery))
    onTestFinished(() => after.close())
    expect((await after.store.head()).position).toBe(kept)
    expect(lost).toBe(kept + 150)
    const state = async (name: string) => (await after.consumers.show({ name })).state
    await vi.waitFor(async () => expect(await state('mail')).toBe('diverged'), patience)
    await vi.waitFor(async () => expect(await state('$tree')).toBe('diverged'), patience)

    // The log goes on, beyond the end of the one that is lost.
    for (let n = 0; n < 160; n++) {
      await after.store.append({ events: [{ stream: 'till-1', type: 'CashPaidIn', data: { amount: 1 } }] })
    }
    await after.waitFor(cash, kept + 160, { timeoutMs: 20_000 })
    expect(await after.select(cash)).toEqual([{ till: '1', cash: 5 + 50 + 160 }])
    expect(await after.send(Take('1', { amount: 1_000 }))).toMatchObject({ status: 'refused', reason: 'TooLittle' })
    expect((await after.verifyTable(cash)).differing).toBe(0)
    await after.consumers.resume(mail)
    await vi.waitFor(async () => expect(await state('mail')).toBe('running'), patience)
    expect(await state('$tree')).toBe('diverged')
  })

  test('pg_dump and pg_restore give the same log, still protected, which goes on', async () => {
    const [first, second] = [serverDir(), serverDir()]
    const [from, to] = [await startInstalled(first), await startInstalled(second)]
    const store = await postgresStore(options(from))
    onTestFinished(() => store.close())
    for (let n = 0; n < 50; n++) {
      await store.append({
        events: [{ stream: `jar-${n % 7}`, type: n % 3 === 0 ? 'Filled' : 'Emptied', data: { n }, tags: [`n:${n}`] }],
        commandId: `command-${n}`,
      })
    }
    const file = join(first, 'dump')
    await program('pg_dump', '-d', from.connectionString, '--schema=indelible', '--format=custom', '-f', file)
    await program('pg_restore', '-d', to.connectionString, '--exit-on-error', file)

    const restored = await postgresStore(options(to))
    onTestFinished(() => restored.close())
    expect(await allOf(restored)).toEqual(await allOf(store))
    expect(await restored.historyAt(50)).toBe(await store.historyAt(50))
    const again = { events: [{ stream: 'jar-1', type: 'Filled', data: {} }], commandId: 'command-8' } as const
    expect(await restored.append(again)).toMatchObject({ status: 'duplicate', firstPosition: 9 })
    const next = { ...again, commandId: 'command-50', expected: { 'jar-1': 7 } } as const
    expect(await restored.append(next)).toMatchObject({ status: 'written', firstPosition: 51 })
    const change = program('psql', '-d', to.connectionString, '-c', 'DELETE FROM indelible.events')
    await expect(change).rejects.toThrow('an event is never changed or deleted')
  })
})

const patience = { timeout: 20_000, interval: 20 }

const options = ({ connectionString }: InstalledServer) => ({ connectionString })

async function allOf(store: EventStore): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = []
  for await (const { events } of store.read('all', { reserved: true })) all.push(...events)
  return all
}

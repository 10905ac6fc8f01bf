// What the package `indelible` offers alone, on a log in the given directory: `node log.ts DIR`.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { startSystem } from 'indelible'
import { canonicalRow } from 'indelible/adapter'
import { ColumnsBuilder, columnsInMemory } from 'indelible/columns'
import { fileCopySource, fileCopyTarget, fileStorage, verifyLog } from 'indelible/file'
import { stateAsOf } from 'indelible/history'
import { memoryStore } from 'indelible/memory'
import { copyLog } from 'indelible/moving'
import { checkProof, verifierKey } from 'indelible/proofs'
import { reviewOf } from 'indelible/review'
import { describeSystem, jsonSchemaOf } from 'indelible/schema'
import { decideAfter, eventStoreContract } from 'indelible/testing'
import { Paid, Pay, shop, turnover } from './shop.ts'

const [dir = ''] = process.argv.slice(2)
const { store, ...storage } = fileStorage({ dataDir: dir, mode: 'run' })
const running = startSystem(shop, { ...storage, store: await store(), proofs: {} })
await running.send(Pay('ann', { amount: 40 }))
const second = await running.send(Pay('ann', { amount: 30 }))
assert(second.status === 'accepted')
const refused = await running.send(Pay('ann', { amount: 31 }))
assert(refused.status === 'refused' && refused.reason === 'LimitReached')
await running.waitFor(turnover, second.position)
assert.deepEqual(await running.select(turnover), [{ customer: 'ann', total: 70 }])
const { state } = await stateAsOf(running.store, shop.aggregates[0]!, { id: 'ann', asOf: { version: 1 } })
assert.deepEqual(state, { paid: 40 })
await running.waitFor({ name: '$tree' }, (await running.store.head()).position)
const { keys } = await running.proofs.latest()
const { proof } = await running.proofs.event(1)
assert.equal(checkProof(proof, keys.map(verifierKey)).event.position, 1)
await running.close()
// The two events and the record of the key.
assert.equal((await verifyLog({ dir: join(dir, 'log') })).events, 3)

const source = await fileCopySource({ dir: join(dir, 'log') })
const copied = await copyLog({ source, openTarget: fileCopyTarget({ dir: join(dir, 'copy') }) })
assert.equal(copied.head, 3)
await source.close()

assert.equal(
  await columnsInMemory(
    new Uint8Array(),
    new ColumnsBuilder({ segment: 0, logId: '', firstPosition: 1 }).owner,
    (event) => event,
  ),
  undefined,
)

assert.deepEqual(canonicalRow(turnover.table, { customer: 'ann', total: 1 }), { customer: 'ann', total: 1 })
assert.deepEqual(
  reviewOf(describeSystem(shop)).findings.map(({ rule }) => rule),
  ['projection-without-staleness'],
)
assert.deepEqual(jsonSchemaOf(Pay.input, 'input').required, ['amount'])
assert.deepEqual(decideAfter([Paid({ amount: 1 })], Pay, { amount: 2 }), [Paid({ amount: 2 })])
for (const { run } of eventStoreContract.slice(0, 5)) await run(memoryStore())
console.log('log ok')

// The shop with a tracer and a meter, and no SDK: nothing comes of it, and nothing breaks.
import assert from 'node:assert/strict'
import { openTelemetry } from '@indelible/opentelemetry'
import { startSystem } from 'indelible'
import { Pay, shop } from './shop.ts'

const running = startSystem(shop, { telemetry: openTelemetry() })
assert.equal((await running.send(Pay('ann', { amount: 12 }))).status, 'accepted')
await running.close()
console.log('traced ok')

// Proofs over HTTP, and the tree as static files of C2SP tlog-tiles.
import { checkProof, openCheckpoint, verifierKey } from 'indelible/proofs'
import { expect, test } from 'vitest'
import { ReceiveStock, runningShop } from '../test/shop.ts'
import { httpApi } from './index.ts'

async function provedShop() {
  const running = runningShop({ proofs: { origin: 'shop.example/log' } })
  for (let n = 1; n <= 5; n++) await running.send(ReceiveStock('tea', { quantity: n }))
  await running.waitFor({ name: '$tree' }, (await running.store.head()).position)
  const app = httpApi(running)
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the server answered
  const body = async (path: string): Promise<any> => await (await app.request(path)).json()
  return { running, body, get: (path: string) => app.request(path) }
}

test('an event is proved, and the proof can be checked with the public key', async () => {
  const { get, body } = await provedShop()
  const { keys, checkpoint } = await body('/proofs/checkpoint')
  expect(openCheckpoint(checkpoint, [verifierKey(keys[0])]).origin).toBe('shop.example/log')
  const { position, event, proof } = await body('/proofs/events/3')
  expect(checkProof(proof, [verifierKey(keys[0])]).event).toMatchObject({ position, stream: event.stream })
  expect(await body('/proofs/consistency?from=2')).toMatchObject({ from: { size: 2 }, checkpoint })
  expect((await get('/proofs/events/999')).status).toBe(400)
})

test('the checkpoint and the tiles are files that other tools read', async () => {
  const { get } = await provedShop()
  const checkpoint = await get('/log/checkpoint')
  expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  const size = Number((await checkpoint.text()).split('\n')[1])
  const tile = await get(`/log/tile/0/000.p/${size}`)
  expect(tile.headers.get('cache-control')).toContain('immutable')
  expect((await tile.arrayBuffer()).byteLength).toBe(32 * size)
  for (const path of ['tile/0/001', 'tile/0/../../keys', 'tile/%2e%2e/keys', 'keys/tree.keys', 'checkpoint.new'])
    expect((await get(`/log/${path}`)).status, path).toBe(404)
})

test('without a tree there are no proofs and no tiles', async () => {
  const app = httpApi(runningShop())
  for (const path of ['/proofs/checkpoint', '/proofs/events/1', '/log/checkpoint'])
    expect((await app.request(path)).status).toBe(404)
})

test('metrics and health show the tree', async () => {
  const { get, body } = await provedShop()
  expect(await (await get('/metrics')).text()).toMatch(/indelible_tree_diverged\{tree="\$tree"\} 0/)
  const { status, consumers } = await body('/health')
  expect(status).toBe('ok')
  expect(consumers.at(-1)).toMatchObject({ name: '$tree', kind: 'tree', state: 'running', publications: [] })
})

test('a new key is made for who asks, and recorded', async () => {
  const { running } = await provedShop()
  const app = httpApi(running)
  const response = await app.request('/proofs/rotate-key', { method: 'POST', headers: { 'X-Actor': 'ann' } })
  expect(((await response.json()) as { keys: string[] }).keys).toHaveLength(2)
})

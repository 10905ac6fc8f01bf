// Proofs over HTTP, and the tree as static files of C2SP tlog-tiles.
import { checkEvent, checkProof, leafHash, openCheckpoint, ProvedLineReader, verifierKey } from 'indelible/proofs'
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

test('all events of a stream are proved page by page, against one state of the log', async () => {
  const { running, body, get } = await provedShop()
  const { keys, checkpoint } = await body('/proofs/checkpoint')
  const tree = openCheckpoint(checkpoint, [verifierKey(keys[0])])
  await running.send(ReceiveStock('tea', { quantity: 1 }))
  await running.waitFor({ name: '$tree' }, (await running.store.head()).position)
  const versions: number[] = []
  for (let path: string | null = `/proofs/streams/item-tea?size=${tree.size}&limit=2`; path !== null; ) {
    const page = await body(path)
    expect(page).toMatchObject({ stream: 'item-tea', tree: { size: tree.size }, checkpoint: null })
    const reader = new ProvedLineReader()
    for (const line of page.events) {
      const proved = reader.read(line)
      expect(checkEvent(proved, tree)).toEqual({ isInTree: true, changed: [] })
      versions.push(proved.event.version)
    }
    path = page.next
  }
  expect(versions).toEqual([1, 2, 3, 4, 5])
  expect((await body('/proofs/streams/item-tea')).events).toHaveLength(6)
  expect((await body('/proofs/streams/$operator-$tree')).events[0].event.type).toBe('$ProofKeyUsed')
  expect((await get('/proofs/streams/item-coffee')).status).toBe(404)
  expect((await get('/proofs/streams/item-tea?size=999')).status).toBe(400)
  expect((await get('/proofs/streams/item')).status).toBe(400)
})

test('the leaves are bundles of entries that other tools read', async () => {
  const { get } = await provedShop()
  const size = Number((await (await get('/log/checkpoint')).text()).split('\n')[1])
  const entries = await get(`/log/tile/entries/000.p/${size}`)
  expect(entries.headers.get('content-type')).toBe('application/octet-stream')
  expect(entries.headers.get('cache-control')).toContain('immutable')
  const bytes = Buffer.from(await entries.arrayBuffer())
  const tile = Buffer.from(await (await get(`/log/tile/0/000.p/${size}`)).arrayBuffer())
  expect(leafHash(bytes.subarray(2, 2 + bytes.readUInt16BE(0)))).toEqual(tile.subarray(0, 32))
  for (const path of ['000', `000.p/${size + 1}`, '001', '000.p/0', 'x', '../checkpoint'])
    expect((await get(`/log/tile/entries/${path}`)).status, path).toBe(404)
})

test('without a tree there are no proofs and no tiles', async () => {
  const app = httpApi(runningShop())
  for (const path of [
    '/proofs/checkpoint',
    '/proofs/events/1',
    '/proofs/streams/item-tea',
    '/log/checkpoint',
    '/log/tile/entries/000',
  ])
    expect((await app.request(path)).status).toBe(404)
})

test('metrics and health show the tree', async () => {
  const { get, body } = await provedShop()
  expect(await (await get('/metrics')).text()).toMatch(
    /indelible_consumer_state\{consumer="\$tree",kind="tree",state="diverged"\} 0/,
  )
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

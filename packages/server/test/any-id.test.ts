// Every valid stream id can be written into a URL, although clients normalise URLs before they send them.
import fc from 'fast-check'
import { isIndelibleError, streamName } from 'indelible'
import { expect, onTestFinished, test } from 'vitest'
import { serve } from '../src/index.ts'
import { jsonPost, ReceiveStock, runningShop } from './shop.ts'

const odd = [
  'a/b',
  'a%2Fb',
  '%',
  '%2e',
  '..a',
  '...',
  './',
  '../../etc',
  'a\\b',
  '?x=1',
  '#',
  '-',
  ':id',
  '*',
  ';',
  '//',
  '~',
  '＠',
  'e\u0301',
]

test('for any id, a command reaches its aggregate and a reader its stream', async () => {
  const running = runningShop()
  const server = await serve(running, { port: 0 })
  onTestFinished(() => server.close())
  const answer = async (path: string, init?: RequestInit) =>
    (await fetch(server.url + path, init)).json() as Promise<object>
  const anyId = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
    fc.webPath(),
    fc.constantFrom(...odd),
  )
  await fc.assert(
    fc.asyncProperty(anyId, async (id) => {
      try {
        streamName('item', id)
      } catch (error) {
        expect(isIndelibleError(error, 'invalid_stream_name')).toBe(true)
        return
      }
      const [segment, stream] = [encodeURIComponent(id), `item-${id}`]
      expect(await answer(`/commands/item/${segment}/ReceiveStock`, jsonPost({ quantity: 5 }))).toMatchObject({
        stream,
      })
      expect(await answer(`/aggregates/item/${segment}`)).toMatchObject({ id })
      expect(await answer(`/streams/${encodeURIComponent(stream)}`)).toMatchObject({ stream })
    }),
    { numRuns: process.env.INDELIBLE_LONG ? 5_000 : 300, examples: [...odd, '.', '..'].map((id) => [id]) },
  )
})

test('an id that URLs cannot contain is not valid', async () => {
  const running = runningShop()
  for (const id of ['.', '..']) {
    await expect(running.send(ReceiveStock(id, { quantity: 5 }))).rejects.toMatchObject({ code: 'invalid_stream_name' })
    await expect(
      running.store.append({ events: [{ stream: `item-${id}`, type: 'N', data: {} }] }),
    ).rejects.toMatchObject({ code: 'invalid_stream_name' })
  }
  for (const id of ['.a', '..a', '...', 'a.', '.-']) {
    expect(await running.send(ReceiveStock(id, { quantity: 5 }))).toMatchObject({ status: 'accepted' })
  }
})

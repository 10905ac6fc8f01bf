// Bundles of evidence: written from a log or a server, and checked offline.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from '@indelible/server'
import { aggregate, defineSystem, event, startSystem } from 'indelible'
import { newSignerKey, openCheckpoint, signNote } from 'indelible/proofs'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { changed, linesIn, madeBundle, packed, someEvents, unpacked, withTree } from '../../../test/bundles.ts'
import { cli, configFile, temporaryDirectory } from '../../../test/support.ts'

test('a bundle has the whole history of a stream, and is right by the key of the log', async () => {
  const { file, key } = await madeBundle(7)
  const { code, out, err } = await cli(['evidence', 'verify', file, '--key', key])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain('The evidence is right.')
  expect(out).toContain('the history of account-1: the versions 1 to 7, none missing')
  expect(out).toContain(`signed by ${key}`)
  const report = JSON.parse((await cli(['evidence', 'verify', file, '--json'])).out)
  expect(report).toMatchObject({ stream: 'account-1', events: 7, size: 15, signedBy: [key], findings: [] })
  const events = linesIn(await unpacked(file)).map((line) => JSON.parse(line).event)
  expect(events.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(JSON.parse(events[1].data)).toEqual({ amount: 1, note: 'für <Ann> & "Bob"' })
})

test('without a key from elsewhere, verify says that the keys came with the bundle', async () => {
  const { file } = await madeBundle(2)
  expect((await cli(['evidence', 'verify', file])).out).toContain('the keys came with the bundle')
})

test('any payload is in it byte for byte: bytes, a byte order mark, no metadata, text of every kind', async () => {
  const data = temporaryDirectory()
  const texts = ['\ufeffmark', '\u2028\u0000\u202e', '😀 ä', '']
  await withTree(data, ({ store }) =>
    store.append({
      events: [
        { stream: 'account-1', type: 'Bytes', data: Buffer.from([0xff, 0, 0x80]) },
        ...texts.map((text) => ({
          stream: 'account-1' as const,
          type: 'Text',
          contentType: 'text/plain',
          data: Buffer.from(text),
        })),
        { stream: 'account-1', type: 'Json', data: Buffer.from(' {"a" : 1e2}\n'), contentType: 'application/json' },
      ],
    }),
  )
  const file = join(data, 'out.zip')
  expect(await cli(['evidence', 'account-1', '--data', data, '--out', file])).toMatchObject({ code: 0, err: '' })
  expect((await cli(['evidence', 'verify', file])).code).toBe(0)
  const [bytes, ...others] = linesIn(await unpacked(file)).map((line) => JSON.parse(line).event)
  expect(bytes.dataBase64).toBe('/wCA')
  expect(others.map((each) => each.data)).toEqual([...texts, ' {"a" : 1e2}\n'])
})

test('the page shows no data as markup, and loads nothing', async () => {
  const data = temporaryDirectory()
  const evil = '</pre><script>alert(1)</script>\u202e"\'&'
  await withTree(data, ({ store }) =>
    store.append({
      events: [
        {
          stream: `account-${evil.replaceAll('\u202e', '')}`,
          type: evil,
          data: { evil },
          metadata: { actor: evil, reason: evil },
        },
      ],
    }),
  )
  const file = join(data, 'out.zip')
  const stream = `account-${evil.replaceAll('\u202e', '')}`
  expect(await cli(['evidence', stream, '--data', data, '--out', file])).toMatchObject({ code: 0, err: '' })
  const page = (await unpacked(file)).get('index.html')!.toString()
  expect(page).not.toMatch(/<script|\u202e|https?:|src=|href=/)
  expect(page).toContain('&#60;script&#62;')
  expect((await cli(['evidence', 'verify', file])).code).toBe(0)
})

test('types, versions and marks of the code that decided are in the bundle, and with a config the declared schemas', async () => {
  const data = temporaryDirectory()
  await withTree(data, ({ store }) =>
    store.append({
      events: [
        { stream: 'account-1', type: 'AccountOpened', data: { owner: 'Ann' }, schemaVersion: 2 },
        ...someEvents(2),
        { stream: 'account-1', type: 'AccountOpened', data: { owner: 'Bob' } },
      ],
    }),
  )
  const recorded = {
    types: [
      { type: 'AccountOpened', schemaVersions: [1, 2] },
      { type: 'Deposited', schemaVersions: [1] },
    ],
    commands: [{ command: 'Deposit', code: ['00ff00ff00ff00ff'] }],
  }
  const declarations = async (...argv: readonly string[]) => {
    const file = join(temporaryDirectory(), 'out.zip')
    const made = await cli(['evidence', 'account-1', '--data', data, '--out', file, ...argv])
    expect(made).toMatchObject({ code: 0, err: '' })
    expect((await cli(['evidence', 'verify', file])).code).toBe(0)
    return JSON.parse((await unpacked(file)).get('declarations.json')!.toString())
  }
  // --data alone reads no config.
  expect(await declarations()).toEqual({ recorded, declared: null })
  expect(await declarations('--config', configFile)).toMatchObject({
    recorded,
    declared: {
      system: 'cli-test',
      aggregate: { category: 'account', version: 1 },
      events: [{ type: 'AccountOpened', version: 1, schema: {}, olderVersions: [] }],
    },
  })
})

test('a checkpoint that was kept gives the history as it was then', async () => {
  const [data, kept] = [temporaryDirectory(), join(temporaryDirectory(), 'checkpoint')]
  await withTree(data, ({ store }) => store.append({ events: someEvents(3) }))
  writeFileSync(kept, readFileSync(join(data, 'proofs', 'checkpoint')))
  await withTree(data, ({ store }) => store.append({ events: someEvents(4) }))
  const [then, now] = [join(data, 'then.zip'), join(data, 'now.zip')]
  const argv = ['evidence', 'account-1', '--data', data, '--json']
  expect(JSON.parse((await cli([...argv, '--out', then, '--checkpoint', kept])).out)).toMatchObject({
    events: 3,
    size: 7,
  })
  expect(JSON.parse((await cli([...argv, '--out', now])).out)).toMatchObject({ events: 7, size: 15 })
  writeFileSync(kept, signNote(`bank.example/log\n7\n${Buffer.alloc(32).toString('base64')}\n`, [newSignerKey('x')], 0))
  const other = await cli([...argv, '--out', join(data, 'other.zip'), '--checkpoint', kept])
  expect(other.code).toBe(6)
  expect(JSON.parse(other.err).error.code).toBe('tree_diverged')
})

test('after rotations the new keys count, and an old one is named as a key of the log', async () => {
  const data = temporaryDirectory()
  const [first] = await withTree(data, async (running) => {
    await running.store.append({ events: someEvents(2) })
    await running.waitFor({ name: '$tree' }, (await running.store.head()).position)
  })
  const keys = await withTree(data, async (running) => {
    for (let n = 0; n < 2; n++) {
      await running.store.append({ events: someEvents(1) })
      await running.waitFor({ name: '$tree' }, (await running.store.head()).position)
      await running.proofs.rotateKey({ actor: 'ann' })
    }
  })
  const file = join(data, 'out.zip')
  await cli(['evidence', 'account-1', '--data', data, '--out', file])
  for (const key of keys) expect((await cli(['evidence', 'verify', file, '--key', key])).code).toBe(0)
  const old = await cli(['evidence', 'verify', file, '--key', first!])
  expect(old.code).toBe(6)
  expect(old.err).toContain('The log records it as a key of its own')
})

test('the checkpoint that a witness signed too is taken where it has the whole stream, also after a restart', async () => {
  const data = temporaryDirectory()
  const own = newSignerKey('witness.example', 'cosignature')
  const publisher = {
    name: 'witness',
    everyMs: 10,
    publish: async ({ note }: { note: string }) => ({
      lines: signNote(note.slice(0, note.indexOf('\n\n') + 1), [own], 1_000).split('\n\n')[1]!,
      keys: [own.verifier],
    }),
  }
  await withTree(
    data,
    async (running) => {
      await running.store.append({ events: someEvents(3) })
      const { position } = await running.store.head()
      const cosignedSize = async () => {
        const { cosigned } = await running.proofs.latest()
        return cosigned === undefined ? 0 : openCheckpoint(cosigned, [own.verifier]).size
      }
      await expect.poll(cosignedSize, { timeout: 20_000 }).toBeGreaterThanOrEqual(position)
    },
    { publish: [publisher] },
  )
  await withTree(data, ({ store }) => store.append({ events: [{ stream: 'other-1', type: 'Happened', data: {} }] }))
  const file = join(data, 'out.zip')
  await cli(['evidence', 'account-1', '--data', data, '--out', file])
  const { code, out } = await cli(['evidence', 'verify', file, '--key', own.verifier.text])
  expect(code).toBe(0)
  expect(out).toContain(`signed by ${own.verifier.text}`)
  expect((await unpacked(file)).get('index.html')!.toString()).toContain('<b>witness.example</b> also signed')
  // With an event that it has not signed, the last checkpoint is taken.
  await withTree(data, ({ store }) => store.append({ events: someEvents(1) }))
  await cli(['evidence', 'account-1', '--data', data, '--out', join(data, 'later.zip')])
  expect((await cli(['evidence', 'verify', join(data, 'later.zip')])).out).not.toContain('witness.example')
})

test('a running server gives the same events and proofs, over several pages', async () => {
  const Rung = event('Rung', z.object({ times: z.int() }))
  const bell = aggregate('bell', { initialState: {} }).on(Rung, (state) => state)
  const Ring = bell.command('Ring', { input: Rung.schema, emits: [Rung], decide: (_, data) => Rung(data) })
  const system = defineSystem({ name: 'tower', commands: [Ring] })
  const running = startSystem(system, { proofs: { origin: 'tower.example' } })
  const server = await serve(running, { host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    await server.close()
    await running.close()
  })
  await running.store.append({
    events: Array.from({ length: 1_203 }, (_, times) => ({ stream: 'bell-1', type: 'Rung', data: { times } }) as const),
  })
  await running.waitFor({ name: '$tree' }, (await running.store.head()).position)
  const file = join(temporaryDirectory(), 'bell.zip')
  const made = await cli(['evidence', 'bell-1', '--url', server.url, '--out', file, '--json'])
  expect(made).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(made.out)).toMatchObject({ events: 1_203, log: 'tower.example' })
  const { keys } = await running.proofs.latest()
  expect((await cli(['evidence', 'verify', file, '--key', keys[0]!])).code).toBe(0)
  const missing = await cli(['evidence', 'bell-2', '--url', server.url, '--out', `${file}2`, '--json'])
  expect(missing.code).toBe(3)
  expect(JSON.parse(missing.err).error.code).toBe('stream_missing')
})

test('a bundle is made while another process writes, of one state of the log', async () => {
  const data = temporaryDirectory()
  await withTree(data, async (running) => {
    await running.store.append({ events: someEvents(40) })
    await running.waitFor({ name: '$tree' }, (await running.store.head()).position)
    let isWriting = true
    const writing = (async () => {
      while (isWriting) await running.store.append({ events: someEvents(20) })
    })()
    for (let n = 0; n < 3; n++) {
      const file = join(temporaryDirectory(), 'out.zip')
      expect(await cli(['evidence', 'account-1', '--data', data, '--out', file])).toMatchObject({ code: 0, err: '' })
      expect((await cli(['evidence', 'verify', file])).code).toBe(0)
    }
    isWriting = false
    await writing
  })
})

test('what Indelible itself recorded can be evidence too', async () => {
  const data = temporaryDirectory()
  await withTree(data, async () => {})
  const file = join(data, 'out.zip')
  await cli(['evidence', '$operator-$tree', '--data', data, '--out', file])
  expect((await cli(['evidence', 'verify', file])).out).toContain('the history of $operator-$tree')
})

test('an interrupted command ends with 130 and leaves no file', async () => {
  const { data, file } = await madeBundle(3)
  const signal = AbortSignal.abort()
  const out = join(data, 'x.zip')
  expect((await cli(['evidence', 'account-1', '--data', data, '--out', out], { signal })).code).toBe(130)
  expect(existsSync(out) || existsSync(`${out}.new`)).toBe(false)
  expect((await cli(['evidence', 'verify', file], { signal })).code).toBe(130)
})

test.each([
  [['account-1'], 2, 'Give the name of a stream and --out'],
  [['--out', 'x.zip'], 2, 'Give the name of a stream and --out'],
  [['account1', '--out', 'x.zip'], 2, 'is not a stream name'],
  [['account-2', '--out', 'x.zip'], 3, 'The checkpoint has no event of stream "account-2"'],
  [['account-1', '--out', 'proofs'], 2, 'exists already'],
  [['account-1', '--out', 'x.zip', '--checkpoint', 'nowhere'], 2, 'cannot be read'],
])('evidence %j ends with %i and says why, and leaves no file', async (argv, code, why) => {
  const data = temporaryDirectory()
  await withTree(data, ({ store }) => store.append({ events: someEvents(1) }))
  const result = await cli(['evidence', ...argv, '--data', data], { cwd: data })
  expect(result).toMatchObject({ code, out: '' })
  expect(result.err).toContain(why)
  expect(existsSync(join(data, 'x.zip')) || existsSync(join(data, 'x.zip.new'))).toBe(false)
})

test('a log that is not the one that was signed gives no bundle', async () => {
  const data = temporaryDirectory()
  await withTree(data, ({ store }) => store.append({ events: someEvents(3) }))
  const tile = join(data, 'proofs', 'tile', '0', '000.p', '7')
  const bytes = readFileSync(tile)
  bytes[0]! ^= 1
  writeFileSync(tile, bytes)
  const { code } = await cli(['evidence', 'account-1', '--data', data, '--out', join(data, 'x.zip')])
  expect([4, 6]).toContain(code)
  expect(existsSync(join(data, 'x.zip'))).toBe(false)
})

test('what another version of the program wrote is not compared, and that is said', async () => {
  const { file } = await madeBundle(2)
  const bundle = await unpacked(file)
  const about = bundle.get('about.json')!.toString().replace('indelible 0.1.0', 'indelible 9.9.9')
  const other = await packed(changed(bundle, { 'about.json': about, 'index.html': 'later' }))
  const { code, out } = await cli(['evidence', 'verify', other])
  expect(code).toBe(0)
  expect(out).toContain('page and texts were not compared: indelible 9.9.9 wrote them')
})

// A config alone composes a system. A config that cannot work is reported with its file and what to do.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadConfig, openers, openSystem, type RunningSystem, startSystem } from 'indelible'
import { readRegistry } from 'indelible/schema'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../src/file/test-support.ts'
import { openedParcels } from './composed-parcels.ts'
import { Pack, ParcelPacked, parcels, until } from './parcels.ts'

const patient = { timeoutMs: 60_000 }
const domain = new URL('./composed-parcels.ts', import.meta.url).href

/** A config file in a new directory. */
function config(text: string): URL {
  const file = join(temporaryDirectory(), 'indelible.config.ts')
  writeFileSync(file, text)
  return pathToFileURL(file)
}

const composed = (more = '') =>
  config(`import { configOf } from '${domain}'\nexport default configOf({ dir: import.meta.dirname, ${more} })\n`)
const dirOf = (url: URL) => join(url.pathname, '..')

describe('openSystem', () => {
  test('opens log, snapshots, tables and consumers in the directory of the config, and closes them all', async () => {
    const url = composed()
    const first = await openSystem(url)
    await first.send(Pack('a', { n: 1 }))
    const { position } = await first.store.head()
    await first.waitFor({ name: 'mail' }, position, patient)
    await first.waitFor({ name: 'parcels' }, position, patient)
    await first.close()
    expect(readdirSync(join(dirOf(url), 'data')).sort()).toEqual(['consumers', 'log'])
    expect(openedParcels(dirOf(url))).toEqual(['run on the main thread', 'tables closed'])
    const second = await openSystem(url)
    expect((await second.store.head()).position).toBe(position)
    await second.send(Pack('a', { n: 2 }))
    await second.waitFor({ name: 'mail' }, position + 1, patient)
    await second.close()
    // The reaction continued where it had stopped.
    expect(readFileSync(join(dirOf(url), 'mail'), 'utf8')).toBe('a1 a2 ')
  })

  test('registers the event types before anything else is recorded, once, unless the config says not to', async () => {
    const url = composed()
    await (await openSystem(url)).close()
    const again = await openSystem(url)
    const registry = await readRegistry(again.store)
    const { position } = await again.store.head()
    expect([...registry.types.keys()].sort()).toEqual(again.system.events.map(({ type }) => type).sort())
    expect(position).toBe(registry.types.size)
    await again.close()
    const without = await openSystem(composed('registry: false'))
    expect(await without.store.head()).toMatchObject({ position: 0 })
    await without.close()
  })

  test('runs without its registry where that cannot be written, and says so', async () => {
    const notices: unknown[] = []
    const system = await openSystem(composed('full: true'), { onNotice: (notice) => notices.push(notice) })
    expect(notices).toEqual([{ kind: 'registry failed', message: 'The disk is full.' }])
    expect(await system.store.head()).toMatchObject({ position: 0 })
    await system.close()
  })

  test('stores everything in the directory that the config names, relative to the config, or in a given directory', async () => {
    const url = composed(`dataDir: 'kept/here'`)
    await (await openSystem(url)).close()
    expect(readdirSync(join(dirOf(url), 'kept/here'))).toContain('log')
    const other = temporaryDirectory()
    await (await openSystem(url, { dataDir: other })).close()
    expect(readdirSync(other)).toContain('log')
  })

  test('passes on the clock, the ids and the observers', async () => {
    const url = composed(`fails: true`)
    const notices: unknown[] = []
    let id = 0
    const system = await openSystem(url, {
      onNotice: (notice) => notices.push(notice),
      ids: () => `00000000-0000-7000-8000-${String(++id).padStart(12, '0')}`,
    })
    await system.send(Pack('a', { n: 1 }))
    await until(() => expect(notices).toMatchObject([{ kind: 'reaction parked', name: 'mail' }]))
    const [batch] = await Array.fromAsync(system.store.read('all'))
    expect(batch!.events[0]!.metadata.commandId).toMatch(/^00000000-0000-7000-8000-/)
    await system.close()
  })

  test('runs projections on a separate thread if the config says so, and that thread opens what the config says', async () => {
    const url = composed(`projections: 'thread'`)
    const system = await openSystem(url)
    await system.send(Pack('a', { n: 1 }))
    const { position } = await system.store.head()
    await system.waitFor({ name: 'parcels' }, position, patient)
    expect(await system.consumers.show({ name: 'parcels' })).toMatchObject({ state: 'running', position })
    expect(await system.consumers.position({ name: 'parcels' })).toBe(position)
    expect(await system.rebuild({ name: 'parcels' }, { actor: 'Grace' })).toMatchObject({ rows: 1 })
    await system.consumers.pause({ name: 'parcels' })
    await until(async () => expect(await system.consumers.show({ name: 'parcels' })).toMatchObject({ state: 'paused' }))
    await system.consumers.resume({ name: 'parcels' })
    await until(async () =>
      expect(await system.consumers.show({ name: 'parcels' })).toMatchObject({ state: 'running' }),
    )
    await system.close()
    expect(openedParcels(dirOf(url))).toEqual([
      'run on the main thread',
      'projections on another thread',
      'tables closed',
      'tables closed',
    ])
  })

  test('leaves nothing open if the tables cannot be opened', async () => {
    const url = composed(`noTables: true`)
    await expect(openSystem(url)).rejects.toThrow('There is no database.')
    // The process that has the log open locks it.
    const again = composed()
    await (await openSystem(again, { dataDir: join(dirOf(url), 'data') })).close()
  })

  test('says that another process runs the system', async () => {
    const url = composed()
    await using _ = await openSystem(url)
    await expect(openSystem(url)).rejects.toMatchObject({ code: 'store_locked' })
  })
})

describe('a config that cannot work', () => {
  const told = async (url: URL, message: RegExp) => {
    const error = await openSystem(url).then(
      async (system: RunningSystem) => await system.close(),
      (thrown) => thrown,
    )
    expect(error).toMatchObject({ code: 'config_invalid', retryable: false, message: expect.stringMatching(message) })
    // Nothing was made.
    expect(existsSync(join(dirOf(url), 'data'))).toBe(false)
    return error as Error
  }

  test.each([
    [
      'throws when it is loaded',
      `throw new Error('No settings.')`,
      /indelible\.config\.ts cannot be loaded: No settings\./,
    ],
    ['is not TypeScript', `export default {`, /indelible\.config\.ts cannot be loaded: /],
    ['imports what is not there', `import './nowhere.ts'`, /indelible\.config\.ts cannot be loaded: .*nowhere\.ts/],
    [
      'exports nothing',
      `export const config = {}`,
      /indelible\.config\.ts must export its config as default: export default defineConfig/,
    ],
    ['exports no object', `export default 7`, /must export its config as default/],
    ['has no system', `export default { open: () => ({}) }`, /with a system from defineSystem and a function "open"/],
    [
      'has no open',
      `export default { system: { aggregates: [] } }`,
      /with a system from defineSystem and a function "open"/,
    ],
    [
      'has a directory that is none',
      `export default { system: { aggregates: [] }, open: () => ({}), dataDir: '' }`,
      /must export its config/,
    ],
    [
      'judges schemas by a mode that does not exist',
      `export default { system: { aggregates: [] }, open: () => ({}), schemas: { mode: 'backwards' } }`,
      /has "schemas" that have the mode .*backwards.*It is one of backward, forward, full\./,
    ],
    [
      'accepts a finding without a reason',
      `export default { system: { aggregates: [] }, open: () => ({}), schemas: { accepted: [{ type: 'A', rule: 'type_removed' }] } }`,
      /has "schemas" that accept .*a type, a rule that schema check prints, and a reason/,
    ],
    [
      'has an open that throws',
      `export default { system: { aggregates: [] }, open: () => { throw new Error('No disk.') } }`,
      /indelible\.config\.ts cannot be opened, "open" threw: No disk\./,
    ],
    [
      'opens nothing',
      `export default { system: { aggregates: [] }, open: () => undefined }`,
      /cannot be opened: "open" must return the functions "store" and "tables": open: /,
    ],
    [
      'opens it later',
      `export default { system: { aggregates: [] }, open: async () => ({ store() {}, tables() {} }) }`,
      /"open" must return the functions "store" and "tables"/,
    ],
    [
      'keeps no consumers',
      `export default { system: { aggregates: [] }, open: () => ({ store() {}, tables() {} }) }`,
      /indelible\.config\.ts cannot be opened: "open" must also return "snapshots" and "consumers", for example those of fileStorage/,
    ],
  ])('because it %s says so', async (_what, text, message) => {
    await told(config(text), message)
  })

  test('because it is missing is reported', async () => {
    await told(
      pathToFileURL(join(temporaryDirectory(), 'indelible.config.ts')),
      /indelible\.config\.ts does not exist\. Name the file/,
    )
  })

  test('because it is given as a path, not a URL, is reported with what to write', async () => {
    for (const named of ['./indelible.config.ts', new URL('https://example.org/indelible.config.ts')])
      await expect(loadConfig(named as URL)).rejects.toMatchObject({
        code: 'config_invalid',
        message: expect.stringContaining("new URL('./indelible.config.ts', import.meta.url)"),
      })
  })

  test('an IndelibleError from the config is passed on unchanged', async () => {
    const url = composed(`refuses: true`)
    const loaded = await loadConfig(url)
    expect(() => openers(loaded, { dataDir: loaded.dataDir, mode: 'inspect' })).toThrow(
      expect.objectContaining({ code: 'invalid_duration' }),
    )
  })
})

describe('startSystem alone', () => {
  test('runs in memory, with all parts of a system', async () => {
    await using system = startSystem(parcels({}))
    const outcome = await system.send(Pack('a', { n: 1 }))
    expect(outcome).toMatchObject({ status: 'accepted' })
    expect(await system.health()).toMatchObject({
      head: { position: 1 },
      store: { canWrite: true },
      consumers: [{ name: '$schedule' }],
    })
  })

  test('uses the given clock', async () => {
    await using system = startSystem(parcels({}), { clock: { now: () => Date.parse('2026-01-01') } })
    await system.send(Pack('a', { n: 1 }))
    expect((await system.store.head()).recordedAt).toBe('2026-01-01T00:00:00.000Z')
    const [batch] = await Array.fromAsync(system.store.read([{ types: [ParcelPacked.type] }]))
    expect(batch!.events).toHaveLength(1)
  })

  test('two systems that are started in this way share nothing', async () => {
    await using first = startSystem(parcels({}))
    await using second = startSystem(parcels({}))
    await first.send(Pack('a', { n: 1 }))
    expect((await second.store.head()).position).toBe(0)
  })
})

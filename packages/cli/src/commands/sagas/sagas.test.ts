// The commands on sagas without a server: they read the log and change nothing.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { appendTrips } from '../../../test/sagas-domain.ts'
import { cli, ndjson, type Terminal, temporaryDirectory } from '../../../test/support.ts'

const config = (name: string) => fileURLToPath(new URL(`../../../test/sagas-${name}.config.ts`, import.meta.url))

async function trips(trips: Readonly<Record<string, string>> = { t1: '1a', t2: '1b' }) {
  const data = temporaryDirectory()
  await appendTrips(data, trips)
  return (line: string, { code = 'booking', ...terminal }: Terminal & { code?: string } = {}) =>
    cli(['sagas', ...line.split(' '), '--data', data, '--config', config(code)], terminal)
}

test('list shows the step of each saga and what it waits for', async () => {
  const sagas = await trips()
  const { code, out, err } = await sagas('list')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^ {2}SAGA +ID +STATUS +AGE {2}STEP +SINCE {2}WAITS FOR\n/)
  expect(out).toMatch(/booking {2}t1 {2}running +\d+s {2}confirm +\d+s {2}a decision of clerks\n/)
  expect(ndjson((await sagas('list --json')).out)).toMatchObject([
    { id: 't1', steps: [{ for: 'person' }] },
    { id: 't2' },
  ])
  expect((await sagas('list booking --status completed')).out).toBe('No saga matches.\n')
  expect((await sagas('list --older-than 2h')).out).toBe('No saga is open. To see those that ended: --status all\n')
  expect((await sagas('list --limit 1')).out).toContain('These are the first 1. There may be more')
  expect((await sagas('list --older-than soon')).err).toContain('--older-than takes a length of time like 30s')
  expect(await sagas('list nope')).toMatchObject({ code: 3, err: 'error: The system declares no saga "nope".\n' })
})

test('show prints the story, and what comes next', async () => {
  const sagas = await trips()
  const { code, out, err } = await sagas('show booking t1')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const told = out
    .replaceAll(/\d{4}-\S+Z/g, 'TIME')
    .replaceAll(/position \d+/g, 'position N')
    .replace(/\d+s ago/, 'Ns ago')
  expect(told).toBe(
    [
      'booking t1',
      '',
      'Status   running',
      'Started  TIME, Ns ago, on version 1',
      '',
      'What happened',
      '  TIME  -        started by TripAsked at position N',
      '  TIME  take     sent TakeSeat to seat-1a',
      '  TIME  take     took effect at position N',
      '  TIME  confirm  asked clerks: May seat 1a be sold?, without a limit',
      '',
      'What comes next',
      '  any time  confirm  waits for clerks to decide: May seat 1a be sold?; then the saga completes',
      '',
    ].join('\n'),
  )
  const [json] = ndjson((await sagas('show booking t1 --json')).out)
  expect(json).toMatchObject({ saga: 'booking', id: 't1', history: [{}, {}, {}, {}], ahead: [{ step: 'confirm' }] })
  expect((await sagas('show booking t9')).code).toBe(3)
})

test.each([['resume booking t1'], ['cancel booking t1 --reason x'], ['decide booking t1 confirm true']])(
  '%s needs a running system, and says what to do',
  async (line) => {
    const { code, err } = await cli(['sagas', ...line.split(' ')])
    expect(code).toBe(2)
    expect(err).toContain('Start the system (indelible serve), then repeat the command with --url')
  },
)

test('graph prints the diagram without a log, as Mermaid or as SVG', async () => {
  const graph = (...options: string[]) => cli(['sagas', 'graph', 'booking', '--config', config('booking'), ...options])
  const { code, out } = await graph()
  expect(code).toBe(0)
  expect(out).toMatch(/^flowchart TB\n {2}n1\(\["TripAsked"\]\)\n/)
  expect(ndjson((await graph('--json')).out)).toEqual([{ saga: 'booking', mermaid: out }])
  const svg = await graph('--format', 'svg')
  expect(svg.code).toBe(0)
  expect(svg.out).toMatch(/^<svg .*<title>Saga booking<\/title>.*TripAsked.*<\/svg>\n$/s)
  expect(ndjson((await graph('--format', 'svg', '--json')).out)).toEqual([{ saga: 'booking', svg: svg.out }])
  expect(await graph('--format', 'png')).toMatchObject({ code: 2, out: '' })
  expect((await cli(['sagas', 'graph', 'nope', '--config', config('booking')])).code).toBe(3)
})

test('check says for each open instance whether it fits the code', async () => {
  const sagas = await trips()
  const { code, out, err } = await sagas('check')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out.split('\n')).toEqual([
    "warning: saga booking: The compensation of \"take\" (GiveSeatBack) may be refused: SeatIsStuck. Name who looks at it then: saga('booking', { owner: 'payments team', … }).",
    'fits: booking t1 (running, began on version 1)',
    'fits: booking t2 (running, began on version 1)',
    '1 saga: 0 errors, 1 warning. 2 open instances: 2 fit (0 by a map, 0 on an earlier version that is kept), 0 do not fit.',
    '',
  ])
})

test('check ends with 1 if an instance does not fit, and with 0 if the earlier version is kept', async () => {
  const sagas = await trips({ t1: '1a' })
  const renamed = await sagas('check', { code: 'renamed' })
  expect(renamed.code).toBe(1)
  expect(renamed.out).toContain(
    'does not fit: booking t1 (running, began on version 1): Saga "booking" has changed since this one began: step "take" was done, but the code has no step of that name there.',
  )
  expect(renamed.err).toContain('error: 1 open instance would need intervention with this code.')
  const kept = await sagas('check', { code: 'kept' })
  expect(kept.code).toBe(0)
  expect(kept.out).toContain('fits: booking t1 (running, began on version 1): ends on version 1, which is kept\n')
  expect(ndjson((await sagas('check --json', { code: 'renamed' })).out)).toMatchObject([
    { about: 'declaration', kind: 'warning' },
    { about: 'instance', id: 't1', verdict: 'unfit', code: 'invalid_declaration' },
    { about: 'totals', instances: { fits: 0, mapped: 0, former: 0, unfit: 1 } },
  ])
})

test('check without a log checks the declarations', async () => {
  const { code, out } = await cli(['sagas', 'check', '--config', config('kept')])
  expect(code).toBe(0)
  expect(out).toBe('1 saga: 0 errors, 0 warnings. There is no log yet, so no instances.\n')
  expect((await cli(['sagas', 'check', '--config', config('kept'), '--data', temporaryDirectory()])).code).toBe(3)
})

test('check ends with 1 if a declaration has an error', async () => {
  const directory = temporaryDirectory()
  const domain = JSON.stringify(new URL('../../../test/sagas-domain.ts', import.meta.url).href)
  const text = `import { booking, systemWith } from ${domain}\nconst [take, confirm] = booking.nodes\n
export default { system: systemWith({ ...booking, nodes: [{ ...take, compensate: undefined }, { ...confirm, within: '1d' }] }) }\n`
  writeFileSync(join(directory, 'indelible.config.mjs'), text)
  const { code, err } = await cli(['sagas', 'check'], { cwd: directory })
  expect(code).toBe(1)
  expect(err).toContain('"take" takes effect and cannot be taken back')
})

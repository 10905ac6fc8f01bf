// Bundles that somebody changed who knows how: every sum is computed again, and still each change is found and named.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventOfExact, leafOf, newSignerKey, type ProvedLine, signNote, verifierKey } from 'indelible/proofs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { draws, hours, long } from '../../../../scripts/campaign.ts'
import { skippedBecause } from '../../../../scripts/skips.ts'
import { type Bundle, changed, linesIn, madeBundle, packed, textOfLines, unpacked } from '../../test/bundles.ts'
import { cli } from '../../test/support.ts'
import { lineBytesMax } from './limits.ts'
import { type BundleReport, verifyBundle } from './verify-bundle.ts'

const pythonMissing = whyNoPython()
const folder = mkdtempSync(join(tmpdir(), 'indelible-check-'))
let good: Bundle
let key: string

beforeAll(async () => {
  const made = await madeBundle(9, folder)
  key = made.key
  good = await unpacked(made.file)
})

afterAll(() => rmSync(folder, { recursive: true }))

async function verified(
  bundle: Iterable<readonly [string, Buffer]>,
  keys: readonly string[] = [],
): Promise<BundleReport> {
  const file = await packed(bundle, folder)
  const { signal } = new AbortController()
  return await verifyBundle({ file, keys: keys.map(verifierKey), onProgress: () => {}, signal })
}

/** The exit codes of check.py for bundles. It is our program, not the one that somebody may have changed. One process checks all: to start Python takes long. */
function codesOfPython(bundles: readonly Bundle[], keys: readonly string[] = []): readonly number[] {
  const program = join(folder, 'check.py')
  writeFileSync(program, good.get('check.py')!)
  const folders = bundles.map((bundle) => {
    const into = mkdtempSync(join(folder, 'bundle-'))
    for (const [name, bytes] of bundle) writeFileSync(join(into, name), bytes)
    return into
  })
  const driver = `
import contextlib, importlib.util, io, sys
spec = importlib.util.spec_from_file_location("check", sys.argv[1])
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)
for line in sys.stdin:
    check.HERE = line.rstrip("\\n")
    with contextlib.redirect_stdout(io.StringIO()):
        code = check.checked(sys.argv[2:])
    print(code)
`
  const options = { input: `${folders.join('\n')}\n`, encoding: 'utf8' } as const
  const out = execFileSync('python3', ['-c', driver, program, ...keys], options)
  for (const each of folders) rmSync(each, { recursive: true })
  return out.trimEnd().split('\n').map(Number)
}

const lines = () => linesIn(good)
const withLines = (all: readonly string[]) => ({ 'events.ndjson': textOfLines(all) })
const edited = (at: number, edit: (line: { -readonly [Name in keyof ProvedLine]: ProvedLine[Name] }) => void) => {
  const all = lines()
  const line = JSON.parse(all[at]!)
  edit(line)
  all[at] = JSON.stringify(line)
  return withLines(all)
}
const text = (name: string) => good.get(name)!.toString()

type Changes = Readonly<Record<string, Buffer | string | undefined>>

const changesOfBundle: readonly (readonly [what: string, changes: () => Changes, kind: string, message: string])[] = [
  [
    'other data',
    () =>
      edited(2, (l) => {
        l.event = { ...l.event, data: l.event.data!.replace('2', '9') }
      }),
    'eventChanged',
    'Version 3 is not as it was signed: data.',
  ],
  [
    'another actor',
    () =>
      edited(2, (l) => {
        l.event = { ...l.event, metadata: l.event.metadata.replace('ann', 'bob') }
      }),
    'eventChanged',
    'Version 3 is not as it was signed: metadata.',
  ],
  [
    'another time',
    () =>
      edited(3, (l) => {
        l.event = { ...l.event, recordedAt: '2020-01-01T00:00:00.000Z' }
      }),
    'eventChanged',
    'Version 4 is not as it was signed: recordedAt.',
  ],
  [
    'another time of validity',
    () =>
      edited(3, (l) => {
        l.event = { ...l.event, validAt: '1993-02-01' }
      }),
    'eventChanged',
    'Version 4 is not as it was signed: validAt.',
  ],
  [
    'other tags',
    () =>
      edited(3, (l) => {
        l.event = { ...l.event, tags: ['owner:bob'] }
      }),
    'eventChanged',
    'Version 4 is not as it was signed: tags.',
  ],
  [
    'other data with a leaf that fits',
    () =>
      edited(4, (l) => {
        l.event = { ...l.event, data: '{"amount":1000000}' }
        l.leaf = Buffer.from(leafOf(eventOfExact(l.event))).toString('base64')
      }),
    'notProved',
    'Version 5 is not proved: it was changed together with its leaf, or its proof was.',
  ],
  [
    'the leaf of another event',
    () =>
      edited(4, (l) => {
        l.leaf = JSON.parse(lines()[3]!).leaf
      }),
    'notProved',
    'Version 5',
  ],
  [
    'no proof',
    () =>
      edited(4, (l) => {
        l.proof = { hashes: [], shared: 0 }
      }),
    'notProved',
    'Version 5 is not proved',
  ],
  [
    'a line without a proof',
    () =>
      edited(4, (l) => {
        delete (l as { proof?: unknown }).proof
      }),
    'lineInvalid',
    'Line 5 is not an event with its proof.',
  ],
  [
    'a member more',
    () =>
      edited(4, (l) => {
        Object.assign(l.event, { note: 'x' })
      }),
    'lineInvalid',
    'Line 5',
  ],
  [
    'white space in a line',
    () => withLines(lines().map((line, at) => (at === 5 ? line.replace(',', ', ') : line))),
    'lineInvalid',
    'Line 6',
  ],
  [
    'an event left out in the middle',
    () => withLines(lines().toSpliced(3, 1)),
    'eventMissing',
    'Version 4 is missing before line 4.',
  ],
  [
    'several left out',
    () => withLines(lines().toSpliced(3, 3)),
    'eventMissing',
    'The versions 4 to 6 are missing before line 4.',
  ],
  ['the first left out', () => withLines(lines().slice(1)), 'eventMissing', 'Version 1 is missing before line 1.'],
  [
    'the last left out',
    () => withLines(lines().slice(0, -1)),
    'contentChanged',
    'about.json does not say what the events',
  ],
  ['an event twice', () => withLines(lines().toSpliced(3, 0, lines()[3]!)), 'outOfOrder', 'Line 5 is not in its place'],
  [
    'events in another order',
    () => withLines(lines().toSpliced(3, 2, lines()[4]!, lines()[3]!)),
    'eventMissing',
    'Version 4 is missing',
  ],
  ['no events', () => withLines([]), 'eventMissing', 'events.ndjson has no events.'],
  [
    'an event of another stream',
    () => withLines([...lines(), linesIn(good, 'keys.ndjson')[0]!]),
    'otherStream',
    'Line 10 is an event of $operator-$tree, not of account-1.',
  ],
  ['no record of keys', () => ({ 'keys.ndjson': '' }), 'eventMissing', 'keys.ndjson has no events.'],
  [
    'other events as the record of keys',
    () => ({ 'keys.ndjson': text('events.ndjson') }),
    'otherStream',
    'not of $operator-$tree',
  ],
  [
    'another size in the checkpoint',
    () => ({ checkpoint: text('checkpoint').replace('\n19\n', '\n18\n') }),
    'signatureWrong',
    'The signature of bank.example/log is wrong: the checkpoint was changed.',
  ],
  [
    'another signature',
    () => ({ checkpoint: text('checkpoint').replace(/(.{9})=?=?\n$/, (end) => `A${end.slice(1)}`) }),
    'signatureWrong',
    'The signature of bank.example/log is wrong',
  ],
  [
    'a checkpoint of another key',
    () => ({
      checkpoint: signNote(
        text('checkpoint').slice(0, text('checkpoint').indexOf('\n\n') + 1),
        [newSignerKey('bank.example/log')],
        0,
      ),
    }),
    'keyUnknown',
    'No key that bank.example/log records in keys.ndjson has signed the checkpoint.',
  ],
  [
    'no checkpoint in its file',
    () => ({ checkpoint: 'nothing' }),
    'checkpointInvalid',
    'The checkpoint cannot be read',
  ],
  [
    'another page',
    () => ({ 'index.html': text('index.html').replace('ann', 'bob') }),
    'contentChanged',
    'index.html does not say what the events and the checkpoint say.',
  ],
  ['other instructions', () => ({ 'README.txt': 'Trust me.' }), 'contentChanged', 'README.txt does not say'],
  ['another program', () => ({ 'check.py': 'print("all is right")' }), 'contentChanged', 'check.py does not say'],
  [
    'other figures',
    () => ({ 'about.json': text('about.json').replace('"events": 9', '"events": 8') }),
    'contentChanged',
    'about.json does not say',
  ],
  [
    'other marks of code',
    () => ({ 'declarations.json': text('declarations.json').replace('00ff', '11ff') }),
    'contentChanged',
    'declarations.json names other types or code',
  ],
  ['a file missing', () => ({ 'keys.ndjson': undefined }), 'fileMissing', 'keys.ndjson is missing.'],
  [
    'a file with another sum',
    () => ({ 'index.html': 'x', SHA256SUMS: text('SHA256SUMS') }),
    'fileChanged',
    'index.html is not the file that SHA256SUMS names.',
  ],
  [
    'a sum more',
    () => ({ SHA256SUMS: `${text('SHA256SUMS')}${'0'.repeat(64)}  virus.exe\n` }),
    'fileChanged',
    'SHA256SUMS names other files',
  ],
]

test('a bundle that was packed again is right', async () => {
  expect(await verified(good, [key])).toMatchObject({ findings: [], events: 9, signedBy: [key] })
})

test.each(changesOfBundle)('%s: it is found and named', async (_, changes, kind, message) => {
  const { findings } = await verified(changed(good, changes()))
  const named = findings.find((each) => each.kind === kind)
  expect(named?.message, JSON.stringify(findings)).toContain(message)
})

test('one change of one event is one finding, and the events beside it count as proved', async () => {
  const { findings, events } = await verified(
    changed(
      good,
      edited(4, (line) => {
        line.event = { ...line.event, data: '{}' }
      }),
    ),
  )
  expect(findings).toHaveLength(1)
  expect(events).toBe(8)
  // Those whose proofs build on a line that is missing are not findings of their own.
  expect((await verified(changed(good, withLines(lines().toSpliced(3, 1))))).findings).toHaveLength(1)
})

test('a bundle that somebody made of another log, with another key, is right by its own keys only', async () => {
  const other = await unpacked((await madeBundle(9)).file)
  expect((await verified(other)).findings).toEqual([])
  const { findings } = await verified(other, [key])
  expect(findings).toMatchObject([
    { kind: 'keyUnknown', message: expect.stringContaining(`The key ${key} has not signed`) },
  ])
})

test('the command ends with 6, and lists what is wrong', async () => {
  const file = await packed(changed(good, withLines(lines().toSpliced(3, 1))))
  const { code, out, err } = await cli(['evidence', 'verify', file, '--json'])
  expect(code).toBe(6)
  expect(JSON.parse(out).findings).toMatchObject([{ kind: 'eventMissing', file: 'events.ndjson', version: 4 }])
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'evidence_invalid' } })
  const shown = await cli(['evidence', 'verify', file])
  expect(shown.out).toContain('events.ndjson  Version 4 is missing before line 4.')
  expect(shown.err).toBe('error: The bundle is not right. Version 4 is missing before line 4.\n')
})

test.each([
  ['no zip', async () => Buffer.from('nothing'), 'cannot be read as a zip'],
  ['a zip that was cut off', async () => readFileSync(await packed(good)).subarray(0, -40), 'cannot be read as a zip'],
  [
    'a file that no bundle has',
    async () => readFileSync(await packed([...good, ['virus.exe', 'x']])),
    'It has a file "virus.exe", which no bundle has.',
  ],
  [
    'a file twice',
    async () => readFileSync(await packed([...good, ['index.html', 'x']])),
    'It has the file "index.html" twice.',
  ],
  [
    'too many files',
    async () => readFileSync(await packed(Array.from({ length: 17 }, (_, n) => [`${n}`, 'x'] as const))),
    'It has 17 entries, more than 16.',
  ],
  [
    'a path that leads elsewhere',
    async () => renamed(await packed([...good, ['xx/yy', 'x']]), 'xx/yy', '../yy'),
    '../yy',
  ],
  ['a path from the root', async () => renamed(await packed([...good, ['xx/yy', 'x']]), 'xx/yy', '/xxyy'), '/xxyy'],
  [
    'a line that has no end',
    async () => readFileSync(await packed(changed(good, { 'events.ndjson': Buffer.alloc(lineBytesMax + 1, 0x20) }))),
    'events.ndjson has a line of more than 64.0 MiB.',
  ],
  [
    'a file that unpacks to too much',
    async () => readFileSync(await packed(changed(good, { 'index.html': Buffer.alloc(65 * 1024 * 1024) }))),
    '"index.html" has more than 64.0 MiB.',
  ],
  [
    'a last line that is cut',
    async () => readFileSync(await packed(changed(good, { 'events.ndjson': text('events.ndjson').slice(0, -1) }))),
    'The last line of events.ndjson is cut.',
  ],
])('%s is refused with 4', async (_, made, message) => {
  const file = await packed([])
  writeFileSync(file, await made())
  const { code, out, err } = await cli(['evidence', 'verify', file])
  expect({ code, out }).toEqual({ code: 4, out: '' })
  expect(err).toContain(message)
})

test('a file that is not there ends with 4, a key that is none with 2', async () => {
  expect(await cli(['evidence', 'verify', '/no/such/file'])).toMatchObject({ code: 4, out: '' })
  expect(await cli(['evidence', 'verify', 'x.zip', '--key', 'x'])).toMatchObject({ code: 2, out: '' })
})

test('any changed bit of a file is found, with all sums computed again', hours, async () => {
  const draw = draws()
  for (const [name, bytes] of good) {
    // What is declared is not signed, nothing follows from it, and the text says so.
    const end = name === 'declarations.json' ? text(name).indexOf('"declared"') : bytes.length
    const bits = long ? end * 8 : 15
    for (let n = 0; n < bits; n++) {
      const bit = long ? n : draw(end * 8)
      // A time of making that is a time is as good as another, and so is the name of another program; their page is then not compared, which is said.
      const isOrigin = name === 'about.json' && bit >> 3 > text(name).indexOf('"madeAt"')
      const { findings, otherProgram } = await verified(changed(good, { [name]: withBit(bytes, bit) }))
      expect(findings.length > 0 || (isOrigin && otherProgram !== null), `bit ${bit} of ${name}`).toBe(true)
    }
  }
})

test.skipIf(pythonMissing)(
  `check.py, with nothing but Python and openssl, accepts a bundle and finds what concerns the proof${skippedBecause(pythonMissing)}`,
  hours,
  async () => {
    expect(codesOfPython([good], [key])).toEqual([0])
    expect(codesOfPython([good], [newSignerKey('bank.example/log').verifier.text])).toEqual([1])
    const unsigned = ['index.html', 'README.txt', 'check.py', 'declarations.json']
    const named = changesOfBundle.flatMap(([what, changes]) => {
      const all = changes()
      // White space changes nothing that was signed.
      const isUnsigned = Object.keys(all).every((name) => unsigned.includes(name))
      return isUnsigned || what === 'white space in a line' ? [] : [changed(good, all)]
    })
    expect(codesOfPython(named)).toEqual(named.map(() => 1))
    const draw = draws()
    for (const name of ['events.ndjson', 'keys.ndjson', 'checkpoint']) {
      const bits = good.get(name)!.length * 8
      const chosen = Array.from({ length: long ? bits : 12 }, (_, n) => (long ? n : draw(bits)))
      for (let at = 0; at < chosen.length; at += 200) {
        const some = chosen.slice(at, at + 200)
        const codes = codesOfPython(some.map((bit) => changed(good, { [name]: withBit(good.get(name)!, bit) })))
        expect(
          some.filter((_, n) => codes[n] !== 1),
          name,
        ).toEqual([])
      }
    }
  },
)

function withBit(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}

/** The same zip with another name of a file, of the same length. */
function renamed(file: string, from: string, to: string): Buffer {
  return Buffer.from(readFileSync(file, 'latin1').replaceAll(from, to), 'latin1')
}

function whyNoPython(): string | undefined {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' })
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'python3 and openssl are not here'
  }
}

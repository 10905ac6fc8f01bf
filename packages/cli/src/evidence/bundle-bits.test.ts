// Every bit of a bundle: a change of it is found, by the command and by check.py, with all sums computed again.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newSignerKey } from 'indelible/proofs'
import { afterAll, expect, test } from 'vitest'
import { draws, hours, long } from '../../../../scripts/campaign.ts'
import { skippedBecause } from '../../../../scripts/skips.ts'
import { changesOf } from '../../test/bundle-changes.ts'
import { type Bundle, changed, madeBundle, unpacked, verified, withBit } from '../../test/bundles.ts'
import { CliError } from '../errors/index.ts'

const pythonMissing = whyNoPython()
const directory = mkdtempSync(join(tmpdir(), 'indelible-bundles-'))
const { file, key } = await madeBundle(9, directory)
const good = await unpacked(file)

afterAll(() => rmSync(directory, { recursive: true }))

test('any changed bit of a file is found, with all sums computed again', hours, async () => {
  const draw = draws()
  let tried = 0
  for (const [name, bytes] of good) {
    // What is declared is not signed, nothing follows from it, and the text says so.
    const end = name === 'declarations.json' ? bytes.indexOf('"declared"') : bytes.length
    // Texts are compared with what they should be, byte for byte, so a sample of their bits is enough.
    const isText = ['index.html', 'README.txt', 'check.py', 'SHA256SUMS'].includes(name)
    const count = long ? (isText ? 1_000 : end * 8) : 15
    for (let n = 0; n < count; n++) {
      const bit = long && !isText ? n : draw(end * 8)
      // A time of making that is a time is as good as another, and so is the name of another program; their page is then not compared, which is said.
      const isOrigin = name === 'about.json' && bit >> 3 > bytes.indexOf('"madeAt"')
      tried++
      const report = await verified(changed(good, { [name]: withBit(bytes, bit) }), { directory }).catch((error) => {
        // Where a line does not end any more, the bundle cannot be read.
        if (isUnreadable(error)) return undefined
        throw error
      })
      const isFound = !report || report.findings.length > 0 || (isOrigin && report.otherProgram !== null)
      expect(isFound, `bit ${bit} of ${name}`).toBe(true)
    }
  }
  // What was found was the change.
  expect((await verified(good, { keys: [key], directory })).findings).toEqual([])
  if (long) console.log(`changed bits: ${tried}`)
})

test.skipIf(pythonMissing)(
  `check.py, with nothing but Python and openssl, accepts a bundle and finds what concerns the proof${skippedBecause(pythonMissing)}`,
  hours,
  async () => {
    expect(codesOfPython([good], [key])).toEqual([0])
    expect(codesOfPython([good], [newSignerKey('bank.example/log').verifier.text])).toEqual([1])
    // White space changes nothing that was signed, and the rest is not signed.
    const others = [
      'white space in a line',
      'another page',
      'other instructions',
      'another program',
      'other marks of code',
    ]
    const named = changesOf(good).filter(({ what }) => !others.includes(what))
    const codes = codesOfPython(named.map(({ files }) => changed(good, files)))
    expect(named.filter((_, n) => codes[n] !== 1).map(({ what }) => what)).toEqual([])
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

/** The exit codes of check.py for bundles. It is our program, not the one that somebody may have changed. One process checks all: to start Python takes long. */
function codesOfPython(bundles: readonly Bundle[], keys: readonly string[] = []): readonly number[] {
  const program = join(directory, 'check.py')
  writeFileSync(program, good.get('check.py')!)
  const folders = bundles.map((bundle) => {
    const into = mkdtempSync(join(directory, 'bundle-'))
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

function whyNoPython(): string | undefined {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' })
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'python3 and openssl are not here'
  }
}

function isUnreadable(error: unknown): boolean {
  return error instanceof CliError && error.code === 'bundle_unreadable'
}

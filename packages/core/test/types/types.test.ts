// Mistakes are errors that people can read, at the place of the mistake: TypeScript 7 and 5.9 report for the files in wrong/ exactly what is written there,
// and nothing for the correct uses beside it.
//
// A comment announces the diagnostic of the line below it: its code (that of 5.9 in brackets if it differs) and the decisive part of its text, with
// " … " for what is left out.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const here = import.meta.dirname
const compilers = [
  { version: '7', from: here },
  { version: '5.9', from: resolve(here, '../../../../testing/typescript-5.9') },
] as const
type Version = (typeof compilers)[number]['version']

describe.each(compilers)('TypeScript $version', ({ version, from }) => {
  // A compiler takes a minute on a busy machine.
  test('reports every announced mistake and nothing else', { timeout: 180_000 }, async () => {
    const diagnostics = await compiled(version, from)
    const announced = wrongFiles().flatMap((file) => announcedIn(file, version))
    expect(announced.length).toBeGreaterThan(0)
    expect(diagnostics.map((each) => shownAs(each, announced)).sort()).toEqual(announced.map(shown).sort())
  })
})

interface Diagnostic {
  readonly file: string
  readonly line: number
  readonly code: string
  readonly text: string
}

/** What the compiler reports, with the lines that explain the first one. */
async function compiled(version: Version, from: string): Promise<readonly Diagnostic[]> {
  const manifest = createRequire(join(from, 'package.json')).resolve('typescript/package.json')
  const { version: found } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  expect(found).toMatch(new RegExp(`^${version.replace('.', '\\.')}\\.`))
  const args = [join(dirname(manifest), 'bin/tsc'), '--noEmit', '--pretty', 'false', '-p', join(here, 'wrong')]
  const said = await new Promise<string>((done) =>
    execFile(process.execPath, args, { cwd: here, maxBuffer: 2 ** 24 }, (_error, stdout, stderr) =>
      done(stdout + stderr),
    ),
  )
  return said
    .trimEnd()
    .split(/\n(?! )/)
    .map((one) => {
      const [, file, line, code, text] = /^(.+)\((\d+),\d+\): error (TS\d+): (.*)$/s.exec(one) ?? []
      if (file === undefined) throw new Error(`TypeScript ${version} says: ${one}`)
      return { file: relative(here, resolve(here, file)), line: Number(line), code: code!, text: text! }
    })
}

function wrongFiles(): readonly string[] {
  return readdirSync(join(here, 'wrong'))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `wrong/${name}`)
}

function announcedIn(file: string, version: Version): readonly Diagnostic[] {
  const lines = readFileSync(join(here, file), 'utf8').split('\n')
  const matches = lines.map((line) => /^ *\/\/ (TS\d+)(?: \((TS\d+) by 5\.9\))?: (.*)$/.exec(line))
  return matches.flatMap((match, index) => {
    if (!match) return []
    // Several announcements may be above one line.
    const below = matches.findIndex((other, at) => at > index && !other)
    const [, code, codeBefore = code, text] = match
    return [{ file, line: below + 1, code: version === '7' ? code! : codeBefore!, text: text! }]
  })
}

/** As it was announced, if it was. */
function shownAs(diagnostic: Diagnostic, announced: readonly Diagnostic[]): string {
  const { file, line, code, text } = diagnostic
  return shown(
    announced.find(
      (each) => each.file === file && each.line === line && each.code === code && saysInOrder(text, each.text),
    ) ?? diagnostic,
  )
}

function saysInOrder(text: string, parts: string): boolean {
  let from = 0
  return parts.split(' … ').every((part) => {
    const at = text.indexOf(part, from)
    from = at + part.length
    return at >= 0
  })
}

function shown({ file, line, code, text }: Diagnostic): string {
  return `${file}:${line} ${code} ${text}`
}

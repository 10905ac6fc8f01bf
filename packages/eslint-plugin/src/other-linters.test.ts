// The rules in other linters: Oxlint loads the plugin itself, Biome has patterns for what a pattern can tell.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import plugin from './index.ts'
import { alsoBase, alsoVerb, beforePast, irregular, notPast } from './words.ts'

const dir = mkdtempSync(join(tmpdir(), 'indelible-linters-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const home = resolve(import.meta.dirname, '..')

/** The code of the pages, by the name of its file: `no-mutation.wrong.1.ts`. */
const code = new Map(
  Object.keys(plugin.rules).flatMap((name) => {
    const [, wrong = '', right = ''] = readFileSync(join(home, 'docs', `${name}.md`), 'utf8').split(
      /^## (?:Wrong|Right)$/m,
    )
    return Object.entries({ wrong, right }).flatMap(([kind, part]) =>
      [...part.matchAll(/^```\n(.*?)^```$/gms)].map(
        ([, block], at) => [`${name}.${kind}.${at + 1}.ts`, block!] as const,
      ),
    )
  }),
)
for (const [file, block] of code) writeFileSync(join(dir, file), block)
const wrong = [...code.keys()].filter((file) => file.includes('.wrong.'))

test('Oxlint finds with the plugin what ESLint finds', () => {
  const config = {
    jsPlugins: [{ name: 'indelible', specifier: join(home, 'src/index.ts') }],
    categories: { correctness: 'off' },
    rules: Object.fromEntries(Object.keys(plugin.rules).map((name) => [`indelible/${name}`, 'error'])),
  }
  writeFileSync(join(dir, 'oxlint.json'), JSON.stringify(config))
  const oxlint = join(home, 'node_modules/oxlint/bin/oxlint')
  const printed = output(oxlint, ['-c', 'oxlint.json', '--format', 'json', '.'])
  const { diagnostics } = JSON.parse(printed) as { diagnostics: { code: string; filename: string }[] }
  const found = new Set(diagnostics.map(({ code, filename }) => `${filename} ${code}`))
  expect([...found].sort()).toEqual(wrong.map((file) => `${file} indelible(${file.split('.')[0]})`).sort())
})

test('Biome finds with the patterns most of it, and nothing in right code', () => {
  const patterns = readdirSync(join(home, 'biome'))
  mkdirSync(join(dir, 'biome'))
  for (const file of patterns) copyFileSync(join(home, 'biome', file), join(dir, 'biome', file))
  const found = new Set<string>()
  for (const file of patterns) {
    const config = {
      plugins: [`./biome/${file}`],
      linter: { rules: { preset: 'none' } },
      formatter: { enabled: false },
      assist: { enabled: false },
    }
    writeFileSync(join(dir, 'biome.json'), JSON.stringify(config))
    const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome')
    const printed = output(biome, ['check', '--reporter=json', '--max-diagnostics=200', '.'])
    const { diagnostics } = JSON.parse(printed) as { diagnostics: { category: string; location: { path: string } }[] }
    for (const { location } of diagnostics) found.add(`${location.path} ${file.replace('.grit', '')}`)
  }
  const all = wrong.map((file) => `${file} ${file.split('.')[0]}`)
  expect([...found].filter((each) => !all.includes(each))).toEqual([])
  // Imports, names and types: a pattern does not know what they stand for.
  expect(all.filter((each) => !found.has(each))).toEqual([
    'no-impure-domain.wrong.2.ts no-impure-domain',
    'no-impure-domain.wrong.4.ts no-impure-domain',
    'no-mutation.wrong.2.ts no-mutation',
    ...[1, 2, 3].map((at) => `no-outside-reads.wrong.${at}.ts no-outside-reads`),
    'no-any-in-payload.wrong.2.ts no-any-in-payload',
    'no-any-in-payload.wrong.3.ts no-any-in-payload',
  ])
})

test('the patterns of Biome know the same verbs', async () => {
  await expect(pastTense()).toMatchFileSnapshot('../biome/event-past-tense.grit')
  await expect(imperative()).toMatchFileSnapshot('../biome/command-imperative.grit')
})

/** What a linter prints, on the Node of this process. */
function output(program: string, args: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [program, ...args], { cwd: dir, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

function pastTense(): string {
  return `${head}
\`event($name, $...)\` where {
  $name <: r"['\\"](.*)['\\"]"($text),
  $text <: not r"(?:.*[a-z0-9_.-])?(?:${anyCase(irregular)}|[A-Za-z][a-z]+ed)(?:[A-Z0-9_.-].*)?",
  register_diagnostic(span=$name, message="An event says what happened. Name it in the past tense, like FundsWithdrawn.", severity="error")
}
`
}

function imperative(): string {
  const past = [...irregular].filter((word) => !alsoBase.has(word))
  return `${head}
or {
  \`$_.command($name, $definition)\` where { $definition <: contains \`decide\` },
  \`command($name, $_)\`
} where {
  $name <: r"['\\"](.*)['\\"]"($text),
  $text <: r"(?:${anyCase(past)}|[A-Za-z][a-z]+ed|[A-Za-z][a-z]{2,}ing|[A-Za-z][a-z]+[^sui]s)(?:[A-Z0-9_.-].*)?",
  $text <: not r"(?:${anyCase([...notPast, ...alsoVerb, ...alsoBase, ...beforePast])})(?:[A-Z0-9_.-].*)?",
  register_diagnostic(span=$name, message="A command says what shall be done. Name it in the imperative, like WithdrawFunds.", severity="error")
}
`
}

function anyCase(words: Iterable<string>): string {
  return [...words].map((word) => `[${word[0]!.toUpperCase()}${word[0]}]${word.slice(1)}`).join('|')
}

const head = `// Made for Biome: the rule of the same name of eslint-plugin-indelible, as far as a pattern without scopes can tell.
engine biome(1.0)
language js(typescript)
`

// Reads the command line. An invalid option is refused here, with what to write instead.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchCase, Scale } from './case.ts'
import { cases } from './cases/index.ts'

export interface Options {
  readonly wants: 'run' | 'help' | 'list'
  readonly cases: readonly BenchCase[]
  readonly scale: Scale
  readonly json: boolean
  readonly fresh: boolean
  readonly dataDir: string
  /** Undefined means all. */
  readonly peers: readonly string[] | undefined
  readonly peerModulesDir: string | undefined
}

export class UsageError extends Error {}

export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parsed(args)
  const wants = values.help ? 'help' : values.list ? 'list' : 'run'
  return {
    wants,
    cases: wants === 'run' ? casesNamed(positionals) : [],
    // For the tests, which only check that it runs.
    scale: process.env.INDELIBLE_BENCH_TINY ? 'tiny' : values.quick ? 'quick' : 'full',
    json: values.json,
    fresh: values.fresh,
    dataDir: values.data,
    peers: values.peers?.split(',').filter((name) => name !== 'none'),
    peerModulesDir: values['peer-modules'],
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false },
        data: { type: 'string', default: join(tmpdir(), 'indelible-bench') },
        peers: { type: 'string' },
        'peer-modules': { type: 'string' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\.?$/, '.'))
  }
}

function casesNamed(names: readonly string[]): readonly BenchCase[] {
  const known = cases.map(({ name }) => name).join(', ')
  if (names.length === 0) throw new UsageError(`Which case? There are ${known}; "all" runs them all.`)
  if (names.includes('all')) return cases
  return names.map((name) => {
    const found = cases.find((one) => one.name === name)
    if (!found) throw new UsageError(`There is no case "${name}". There are ${known}.`)
    return found
  })
}

export function helpText(): string {
  return `Usage: npm run --silent bench -- CASE... [options]

Measures the machine's limit, the peers and Indelible in the same run, in turns, and checks what was written and read.

Cases:
${listText()}
Options:
  --quick             one short round with smaller logs: a first impression
  --json              one line of JSON for each measured configuration
  --peers LIST        only these peers, with commas between them, or none (default: all that are installed)
  --peer-modules DIR  where peers that are no dependency of this workspace are installed (see bench/README.md)
  --data DIR          where logs are built and kept (default: ${join(tmpdir(), 'indelible-bench')})
  --fresh             build the large logs again even if they are there
  --list              the cases
  -h, --help          this text

Examples:
  npm run --silent bench -- append-sequential --quick
      what one durable append costs, in half a minute
  npm run --silent bench -- all --json > figures.jsonl
      everything, for a program to read
  npm run --silent bench -- open growth --peers none
      what the size of a log does, without anybody to compare with

Exit codes:
  0    measured and checked
  1    a check or something else failed
  2    not understood: an unknown case or option
  130  interrupted
`
}

export function listText(): string {
  const width = Math.max(...cases.map(({ name }) => name.length))
  return cases.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join('')
}

// The compilers that users may have, each called through its own tsc, and what they report about their work.
import { execFile } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import type { Files } from './generated-system.ts'

const root = resolve(import.meta.dirname, '../..')

export interface Compiler {
  readonly name: string
  readonly tsc: string
}

export const compilers: readonly Compiler[] = [
  { name: 'TypeScript 7', tsc: tscOf(root) },
  { name: 'TypeScript 5.9', tsc: tscOf(join(root, 'testing/typescript-5.9')) },
]

function tscOf(workspace: string): string {
  return join(dirname(createRequire(join(workspace, 'package.json')).resolve('typescript/package.json')), 'bin/tsc')
}

export interface Compilation {
  readonly errors: readonly string[]
  readonly checkMs: number
  readonly totalMs: number
  readonly instantiations: number
  readonly types: number
}

/** Writes a project that uses the packages of this workspace, strict as `tsc --init` makes one. */
export function writeProject(dir: string, files: Files): void {
  mkdirSync(dir, { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  // As this process does: it uses the sources in tests and the build output otherwise.
  const customConditions = process.execArgv.includes('--conditions=@indelible/source') ? ['@indelible/source'] : []
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024', 'esnext.array', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    customConditions,
  }
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
}

export async function compile({ tsc, name }: Compiler, dir: string): Promise<Compilation> {
  const args = [tsc, '-p', dir, '--pretty', 'false', '--extendedDiagnostics']
  const said = await new Promise<string>((done) =>
    execFile(process.execPath, args, { cwd: dir, maxBuffer: 2 ** 24 }, (_error, out, err) => done(out + err)),
  )
  const figure = (label: string) => {
    const [, found] = new RegExp(`^${label}: +([\\d.]+)s?$`, 'm').exec(said) ?? []
    if (found === undefined) throw new Error(`${name} does not say "${label}": ${said}`)
    return Number(found)
  }
  return {
    errors: said.split('\n').filter((line) => /: error TS\d+: /.test(line)),
    checkMs: figure('Check time') * 1000,
    totalMs: figure('Total time') * 1000,
    instantiations: figure('Instantiations'),
    types: figure('Types'),
  }
}

// Checks written documents: every link leads somewhere, and every line of the Audit Trail Spec does what it says.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { serve } from '@indelible/server'
import type { RunningSystem } from 'indelible'
import { pgliteFlags } from '../../../scripts/pglite-flags.ts'
import { cli } from './support.ts'

export interface Written {
  readonly config: string
  readonly data: string
  readonly out: string
}

/** Writes the documents of a running system, with its log; gives the lines of the Audit Trail Spec that its server does not answer. */
export async function writtenWhileRunning(
  running: RunningSystem,
  { config, data, out }: Written,
): Promise<readonly string[]> {
  const { code, err } = await cli(['docs', '--out', out, '--config', config, '--data', data])
  if (code !== 0) throw new Error(err)
  const server = await serve(running, { port: 0 })
  try {
    const lines = runnable(out)
    const failed: string[] = []
    for (const { text } of lines.filter(({ kind }) => kind === 'http')) {
      const response = await fetch(text.replace('http://127.0.0.1:3000', server.url))
      if (response.status !== 200) failed.push(`${text}: ${response.status} ${await response.text()}`)
    }
    // The server has the embedded database open already.
    const pasts = lines.filter(({ text }) => needsTables(text))
    return [...failed, ...(await failingLines(pasts, { cwd: data, more: ['--url', server.url] }))]
  } finally {
    await server.close()
  }
}

/** Those that need no read tables, and a Merkle tree only if there is one. */
export function linesOfTheLog(out: string, { hasTree }: { readonly hasTree: boolean }): readonly Runnable[] {
  return runnable(out).filter(
    ({ kind, text }) => kind === 'cli' && !needsTables(text) && (hasTree || !/^indelible (prove|evidence) /.test(text)),
  )
}

function needsTables(text: string): boolean {
  return text.startsWith('indelible projections past ')
}

export function filesOf(out: string): readonly string[] {
  return (JSON.parse(readFileSync(join(out, 'indelible-docs.json'), 'utf8')) as { files: string[] }).files
}

/** The links of the Markdown files and of the site that lead nowhere. */
export function brokenLinks(dir: string, files: readonly string[]): readonly string[] {
  const pages = files.filter((file) => /\.(md|html)$/.test(file))
  const texts = new Map(pages.map((page) => [page, withoutCode(readFileSync(join(dir, page), 'utf8'))]))
  const anchors = new Map(
    [...texts].map(([page, text]) => [page, new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id!))]),
  )
  return [...texts].flatMap(([page, text]) =>
    [...text.matchAll(page.endsWith('.md') ? /(?<!\\)\]\(([^)\s]+)\)/g : /()\shref="([^"]*)"/g)]
      .map(([, markdown, href]) => (markdown || href)!)
      .filter((link) => {
        const [file, anchor] = link.split('#') as [string, string | undefined]
        const target = file === '' ? page : join(dirname(page), decodeURIComponent(file))
        if (!existsSync(join(dir, target))) return true
        return anchor !== undefined && anchors.get(target)?.has(anchor) !== true
      })
      .map((link) => `${page}: ${link}`),
  )
}

function withoutCode(text: string): string {
  return text
    .replaceAll(/^(`{3,}).*?^\1$/gms, '')
    .replaceAll(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, '')
    .replaceAll(/<(script|style)>.*?<\/\1>/gs, '')
}

export interface Runnable {
  readonly kind: 'cli' | 'http' | 'sql' | 'ts'
  readonly text: string
}

/** The lines of the Audit Trail Spec, in their order. */
export function runnable(dir: string): readonly Runnable[] {
  const blocks = [...readFileSync(join(dir, 'audit.md'), 'utf8').matchAll(/^```(sh|sql|ts)\n(.*?)^```$/gms)]
  return blocks.flatMap(([, language, text]): readonly Runnable[] => {
    if (language === 'ts') return [{ kind: 'ts', text: text! }]
    if (language === 'sql')
      return text!
        .split(';\n')
        .filter((each) => each.trim() !== '')
        .map((each) => ({ kind: 'sql', text: each }))
    return text!
      .split('\n')
      .filter((line) => /^(indelible|curl) /.test(line))
      .map((line) =>
        line.startsWith('curl') ? { kind: 'http', text: /'([^']*)'/.exec(line)![1]! } : { kind: 'cli', text: line },
      )
  })
}

/** Runs lines of the command line; gives those that fail. */
export async function failingLines(
  lines: readonly Runnable[],
  { cwd, more }: { readonly cwd: string; readonly more: readonly string[] },
): Promise<readonly string[]> {
  const failed: string[] = []
  for (const { text } of lines.filter(({ kind }) => kind === 'cli')) {
    const argv = [...text.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!).slice(1)
    const { code, err } = await cli([...argv, ...more], { cwd })
    if (code !== 0) failed.push(`${text}: ${code} ${err}`)
  }
  return failed
}

/** Runs a program beside a config, and gives what it prints. */
export async function printedBy(
  program: string,
  { config, data }: { readonly config: string; readonly data: string },
): Promise<string> {
  const file = resolve(dirname(config), `.audit-${randomUUID()}.ts`)
  writeFileSync(file, program)
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=@indelible/source',
      ...pgliteFlags,
      file,
      data,
    ])
    return stdout
  } finally {
    rmSync(file)
  }
}

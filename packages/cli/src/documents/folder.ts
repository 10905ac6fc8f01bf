// The folder of the documents. It belongs to `indelible docs`: a list of its files says which they are, and nothing else in it is touched.
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CliError } from '../errors/index.ts'
import type { Files } from './formats.ts'

export interface Differences {
  /** New ones too. */
  readonly changed: readonly string[]
  /** Those that are not made any more. */
  readonly stale: readonly string[]
}

/** Compares the folder with what would be in it. Throws `usage` where the folder belongs to somebody else. */
export async function differences(dir: string, files: Files): Promise<Differences> {
  const listed = await listedIn(dir)
  const changed: string[] = []
  for (const [path, text] of withList(files)) if ((await textOf(join(dir, path))) !== text) changed.push(path)
  return { changed, stale: listed.filter((path) => !files.has(path) && existsSync(join(dir, path))) }
}

/** Makes the folder so. Each file appears as a whole; what has not changed is not written. */
export async function writeFolder(dir: string, files: Files, { changed, stale }: Differences): Promise<void> {
  if (changed.length === 0 && stale.length === 0) return
  await mkdir(dir, { recursive: true })
  // Until the end, the list has old and new files, so that none is left behind if this is interrupted.
  const all = new Set([...(await listedIn(dir)), ...files.keys()])
  await replace(join(dir, listName), listText([...all]))
  const texts = withList(files)
  for (const path of changed.filter((each) => each !== listName)) await replace(join(dir, path), texts.get(path)!)
  for (const path of stale) await remove(dir, path)
  await replace(join(dir, listName), texts.get(listName)!)
}

async function listedIn(dir: string): Promise<readonly string[]> {
  const text = await textOf(join(dir, listName))
  if (text === undefined) {
    const others = existsSync(dir) ? await readdir(dir) : []
    if (others.length === 0) return []
    throw new CliError(
      'usage',
      `${dir} has files that indelible docs has not made (${others.slice(0, 3).join(', ')}). Give a new or an empty directory to --out.`,
    )
  }
  const files = parsed(text)
  if (files === undefined)
    throw new CliError(
      'usage',
      `${join(dir, listName)} is not a list of indelible docs. Give another directory to --out.`,
    )
  return files
}

/** Only paths that stay inside the folder. */
function parsed(text: string): readonly string[] | undefined {
  try {
    const { files } = JSON.parse(text) as { files?: unknown }
    const isOurs = (path: unknown) =>
      typeof path === 'string' &&
      path.split('/').every((part) => !['', '.', '..'].includes(part) && !/[\\:\0]/.test(part))
    return Array.isArray(files) && files.every(isOurs) ? (files as string[]) : undefined
  } catch {
    return undefined
  }
}

function withList(files: Files): Files {
  return new Map([...files, [listName, listText([...files.keys()])]])
}

function listText(paths: readonly string[]): string {
  return `${JSON.stringify({ about: 'Made by indelible docs. It replaces and removes these files.', files: paths.toSorted() }, undefined, 1)}\n`
}

async function replace(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}

/** Removes a file, and the folders that are empty then. */
async function remove(dir: string, path: string): Promise<void> {
  await rm(join(dir, path), { force: true })
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    if ((await readdir(join(dir, folder))).length > 0) return
    await rmdir(join(dir, folder))
  }
}

async function textOf(file: string): Promise<string | undefined> {
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
}

const listName = 'indelible-docs.json'

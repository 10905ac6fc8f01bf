// Writes the files that are missing, and never one that is there.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface WrittenFiles {
  readonly written: readonly string[]
  /** As they would be written now. */
  readonly unchanged: readonly string[]
  /** Others that were there, with the names of declarations that a new file would have and that one has not. */
  readonly leftAlone: readonly { readonly file: string; readonly lacks: readonly string[] }[]
}

export async function writeMissing(dir: string, files: ReadonlyMap<string, string>): Promise<WrittenFiles> {
  const written: string[] = []
  const unchanged: string[] = []
  const leftAlone: { file: string; lacks: readonly string[] }[] = []
  for (const [file, text] of files) {
    const path = join(dir, file)
    await mkdir(dirname(path), { recursive: true })
    try {
      // Fails where there is one, so that nothing comes between the look and the write.
      await writeFile(path, text, { flag: 'wx' })
      written.push(file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const there = await readFile(path, 'utf8')
      if (there === text) unchanged.push(file)
      else leftAlone.push({ file, lacks: lacking(file, { text, there }) })
    }
  }
  return { written, unchanged, leftAlone }
}

/** Names that the new text declares or imports from our modules, and the old one does not have. */
function lacking(file: string, { text, there }: { readonly text: string; readonly there: string }): readonly string[] {
  if (!file.endsWith('.ts')) return []
  const declared = new Set([
    ...[...text.matchAll(/^export const (\w+)/gm)].map(([, name]) => name!),
    ...[...text.matchAll(/^import \{([^}]*)\} from '\.[^']*'/gm)].flatMap(([, list]) => list!.match(/\w+/g) ?? []),
  ])
  return [...declared].filter((name) => !new RegExp(`\\b${name}\\b`).test(there))
}

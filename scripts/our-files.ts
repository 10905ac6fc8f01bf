// The files of the repository, for tests that count what a check has looked at. Read from the disk, because an archive of the sources has no git.
import { globSync } from 'node:fs'

const notOurs = new Set(['node_modules', 'dist', 'coverage'])

/** Paths from the root of the repository, sorted; without hidden folders, installed packages and build output. */
export function ourFiles(pattern: string): readonly string[] {
  return globSync(pattern, { exclude: (name) => notOurs.has(name) || name.startsWith('.') }).sort()
}

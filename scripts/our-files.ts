// What stands in the repository, for tests that count what a check has looked at. Read from the disk, as an archive of the sources has no git.
import { globSync } from 'node:fs'

const notOurs = new Set(['node_modules', 'dist', 'coverage'])

/** Paths from the root of the repository, sorted; nothing in hidden folders, installed or built. */
export function ourFiles(pattern: string): readonly string[] {
  return globSync(pattern, { exclude: (name) => notOurs.has(name) || name.startsWith('.') }).sort()
}

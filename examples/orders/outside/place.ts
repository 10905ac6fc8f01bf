// Where the outside world is: the fake mail server and the search index are files in this directory.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The declaration of a reaction knows no data directory, so the environment names this one. */
export function outsideFile(name: string): string {
  const dir = process.env.ORDERS_OUTSIDE ?? fileURLToPath(new URL('../data/outside', import.meta.url))
  mkdirSync(dir, { recursive: true })
  return join(dir, name)
}

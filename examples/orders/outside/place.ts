// Where the outside world is: the fake mail server and the search index are files in this directory.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

export function outsideFile(name: string): string {
  const dir = process.env.ORDERS_OUTSIDE ?? 'examples/orders/data/outside'
  mkdirSync(dir, { recursive: true })
  return join(dir, name)
}

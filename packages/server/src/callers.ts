// Whose limits a request counts against: the principal, or where none is known the address that it comes from.
import { isIPv6 } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { Principal } from 'indelible/operations'

/** An actor cannot be spelled like an address. */
export function callerOf(c: Context, { actor }: Principal = {}): string {
  return actor === undefined ? addressOf(c) : `actor ${actor}`
}

function addressOf({ env }: Context): string {
  // An app that is mounted elsewhere may not know: then all such callers are one.
  const address = (env as Partial<HttpBindings> | undefined)?.incoming?.socket.remoteAddress ?? 'unknown'
  return `address ${isIPv6(address) && !address.startsWith('::ffff:') ? network(address) : address}`
}

/** One customer has a /64 at least, and could come from a new address each time. */
function network(address: string): string {
  const [before = '', after = ''] = address.replace(/%.*$/, '').split('::')
  const [head, tail] = [before.split(':'), after.split(':')].map((groups) => groups.filter((group) => group !== ''))
  const zeros = address.includes('::') ? Array<string>(Math.max(0, 8 - head!.length - tail!.length)).fill('0') : []
  return `${[...head!, ...zeros, ...tail!].slice(0, 4).join(':')}::/64`
}

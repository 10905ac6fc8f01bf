// A server without identities believes everyone, so it must be reachable from this machine only.
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { IndelibleError } from 'indelible'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether only this machine reaches an address or a host name. Of a name every address counts. Throws what the lookup of the name throws. */
export async function isLoopback(host: string): Promise<boolean> {
  if (isIP(host)) return isLoopbackAddress(host)
  // Where a server listens, empty text means all addresses.
  if (host === '') return false
  const addresses = await lookup(host, { all: true })
  return addresses.every(({ address }) => isLoopbackAddress(address))
}

/** The same of a host in a URL, without asking for addresses: `localhost`, `127.0.0.1`, `[::1]`. */
export function isLoopbackName(hostname: string): boolean {
  const name = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  return isIP(name) ? isLoopbackAddress(name) : name === 'localhost' || name.endsWith('.localhost')
}

function isLoopbackAddress(address: string): boolean {
  return loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

export function openToAll(host: string): IndelibleError {
  return new IndelibleError(
    'config_invalid',
    `The server would listen on ${host} without identities, so that everyone who reaches it could do everything in any name. ` +
      'Give it identities, such as serve(running, { identities: [apiKeys()] }), or in the config: export const server = defineServer({ identities: [apiKeys()] }). ' +
      'Or listen on 127.0.0.1.',
    { details: { host } },
  )
}

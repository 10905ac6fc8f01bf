// The Merkle tree as the static files of C2SP tlog-tiles (https://c2sp.org/tlog-tiles), below /log: monitors and other tools read it with no API of ours.
import type { Context } from 'hono'
import type { RunningSystem } from 'indelible'
import { HttpError } from './problems.ts'

/** Where the files are. */
export const tilesPath = '/log/*'

const tileForm = /^tile\/(\d{1,2}|entries)\/(x\d{3}\/)*\d{3}(\.p\/\d{1,3})?$/
/** A tile never changes. */
const forEver = 'public, max-age=31536000, immutable'

export function tilesHandler({ proofs }: RunningSystem): (c: Context) => Promise<Response> {
  return async ({ req }) => {
    const path = req.path.slice('/log/'.length)
    const isTile = tileForm.test(path)
    const bytes = isTile || path === 'checkpoint' ? await proofs.file(path) : undefined
    if (!bytes)
      throw new HttpError('unknown_route', `There is no tile, no bundle of entries and no checkpoint at ${req.path}.`)
    const headers = isTile
      ? { 'content-type': 'application/octet-stream', 'cache-control': forEver }
      : { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' }
    return new Response(new Uint8Array(bytes), { headers })
  }
}

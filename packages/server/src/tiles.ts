// The Merkle tree as the static files of C2SP tlog-tiles (https://c2sp.org/tlog-tiles), below /log: monitors and other tools read it with no API of ours.
import type { Context } from 'hono'
import type { KnownRequest } from './operation-handler.ts'
import { HttpError } from './problems.ts'
import type { Served } from './served.ts'

/** Where the files are. */
export const tilesPath = '/log/*'

const tileForm = /^tile\/(\d{1,2}|entries)\/(x\d{3}\/)*\d{3}(\.p\/\d{1,3})?$/
/** A tile never changes. */
const forEver = 'public, max-age=31536000, immutable'

export function tilesHandler(served: Served): (c: Context, request: KnownRequest) => Promise<Response> {
  return async (c, { principal = { isLocal: true } }) => {
    const { req } = c
    const stand = served.hasTenants ? 'tenant' : 'root'
    const asked = { stand, page: tilesPath, needs: { verb: 'audit' }, principal } as const
    const path = req.path.replace(stand === 'tenant' ? /^\/tenants\/[^/]+\/log\// : '/log/', '')
    const isTile = tileForm.test(path)
    const bytes = await served.use(c, asked, async ({ proofs }) =>
      isTile || path === 'checkpoint' ? await proofs.file(path) : undefined,
    )
    if (!bytes)
      throw new HttpError('unknown_route', `There is no tile, no bundle of entries and no checkpoint at ${req.path}.`)
    const headers = isTile
      ? { 'content-type': 'application/octet-stream', 'cache-control': forEver }
      : { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' }
    return new Response(new Uint8Array(bytes), { headers })
  }
}

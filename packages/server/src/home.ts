// `GET /`: links to everything there is, for a person who has only the URL.
import { type OperationsDescription, operations } from 'indelible/operations'
import { json } from './answers.ts'
import { filledPath } from './http-map.ts'
import type { Identity } from './identities/index.ts'
import type { OwnPage } from './own-page.ts'
import { httpMaps } from './routes.ts'
import { pathAt, type Served } from './served.ts'

export interface Contents {
  /** The name of the system. */
  readonly name: string
  readonly described: OperationsDescription
  readonly standsOf: Served['standsOf']
  readonly ownPages: readonly OwnPage[]
  readonly identities: readonly Identity[]
}

export function homePage(contents: () => Contents): OwnPage {
  return {
    path: '/',
    needs: { verb: 'any' },
    summary: 'Links to everything there is',
    answer: { description: 'Links, with {id} and the like for the client to fill in.', schema },
    async handle(c) {
      const mountedAt = new URL(c.req.url).pathname.replace(/\/$/, '')
      const { name, described, standsOf, ownPages } = contents()
      const ofOperations = described.operations.flatMap(({ operation, given, summary }) => {
        const { method, path } = httpMaps[operation]
        return standsOf(operations[operation]).map((stand) => ({
          method,
          href: mountedAt + pathAt(stand, filledPath(path, given)),
          summary,
        }))
      })
      const own = ownPages.map(({ path, summary }) => ({ method: 'GET', href: mountedAt + path, summary }))
      const links = [...ofOperations, ...own]
      return json({ name, openapi: `${mountedAt}/openapi.json`, health: mountedAt + httpMaps.health.path, links })
    },
  }
}

const link = { type: 'string', format: 'uri-reference' }

const schema = {
  type: 'object',
  required: ['name', 'openapi', 'health', 'links'],
  properties: {
    name: { type: 'string' },
    openapi: link,
    health: link,
    links: {
      type: 'array',
      items: {
        type: 'object',
        required: ['method', 'href', 'summary'],
        properties: { method: { type: 'string' }, href: { type: 'string' }, summary: { type: 'string' } },
      },
    },
  },
}

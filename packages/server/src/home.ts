// `GET /`: what there is, for somebody who has only the address.
import type { System } from 'indelible'
import { json } from './answers.ts'
import type { Route } from './route.ts'

export function homeRoute({ name }: System, routes: () => readonly Route[]): Route {
  return {
    method: 'GET',
    path: '/',
    parameters: [],
    async handle(c) {
      const mountedAt = new URL(c.req.url).pathname.replace(/\/$/, '')
      const links = routes().flatMap(({ method, operations }) =>
        operations.map(({ path, summary }) => ({ method, href: mountedAt + path, summary })),
      )
      return json({ name, openapi: `${mountedAt}/openapi.json`, health: `${mountedAt}/health`, links })
    },
    operations: [
      {
        path: '/',
        tag: 'system',
        summary: 'Links to everything there is',
        answers: {
          200: {
            description: 'Addresses, with {id} and the like to be filled in.',
            schema: {
              type: 'object',
              required: ['name', 'openapi', 'health', 'links'],
              properties: {
                name: { type: 'string' },
                openapi: { type: 'string', format: 'uri-reference' },
                health: { type: 'string', format: 'uri-reference' },
                links: {
                  type: 'array',
                  items: {
                    type: 'object',
                    required: ['method', 'href', 'summary'],
                    properties: { method: { type: 'string' }, href: { type: 'string' }, summary: { type: 'string' } },
                  },
                },
              },
            },
          },
        },
        problems: [],
      },
    ],
  }
}

// The pages that belong to HTTP itself and carry no operation: home, OpenAPI, metrics.
import type { Context } from 'hono'
import type { Need } from 'indelible/operations'
import type { Answer } from './http-map.ts'

export interface OwnPage {
  readonly path: string
  readonly summary: string
  readonly answer: Answer
  /** `nothing`: everybody may ask, and nobody is asked who they are. */
  readonly needs: Need | 'nothing'
  readonly handle: (c: Context) => Promise<Response>
}

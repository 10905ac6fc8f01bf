// A route is a value: how to answer, and what to say about it. The app and the OpenAPI document are both made from the list of routes.
import type { Context } from 'hono'
import type { JsonSchema } from 'indelible/schema'
import type { Parameter } from './parameters.ts'

export interface Route {
  readonly method: 'GET' | 'POST'
  /** As OpenAPI writes it: `/streams/{stream}`. */
  readonly path: string
  readonly parameters: readonly Parameter[]
  /** Query parameters besides those. */
  readonly isQuery?: (name: string) => boolean
  /** What is thrown becomes a problem document. */
  readonly handle: (c: Context) => Promise<Response>
  /** One for every declared thing that the route serves. */
  readonly operations: readonly Operation[]
}

/** What there is to know about a route, or about a route for one declared command, table and so on. */
export interface Operation {
  /** The path of the route, with declared names filled in. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  /** Parameters that are documented only, as OpenAPI has them. */
  readonly extraParameters?: readonly object[]
  readonly body?: JsonSchema
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>
  /** The statuses, besides those that any route may answer with, that come with a problem document. */
  readonly problems: readonly number[]
  /** Schemas by name that `schemaRef` in this operation refers to. */
  readonly schemas?: Readonly<Record<string, JsonSchema>>
}

export interface Answer {
  readonly description: string
  /** `application/json` when left out. */
  readonly contentType?: string
  readonly schema: JsonSchema
  readonly headers?: readonly string[]
}

/** Refers to a schema that an operation brings along. */
export function schemaRef(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${schemaName(name)}` }
}

/** OpenAPI allows no other characters in the name of a component. */
export function schemaName(name: string): string {
  return name.replace(/[^\w.-]/g, '_')
}

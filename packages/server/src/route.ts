// A route is data: its handler and its description. The app and the OpenAPI document are both made from the list of routes.
import type { Context } from 'hono'
import type { JsonSchema } from 'indelible/schema'
import type { Parameter } from './parameters.ts'

export interface Route {
  readonly method: 'GET' | 'POST'
  /** In the syntax of OpenAPI: `/streams/{stream}`. */
  readonly path: string
  readonly parameters: readonly Parameter[]
  /** Whether this is another query parameter, besides `parameters`. */
  readonly isQuery?: (name: string) => boolean
  /** Whether a query parameter may be given several times. */
  readonly isList?: (name: string) => boolean
  /** An error that it throws becomes a problem document. */
  readonly handle: (c: Context) => Promise<Response>
  /** One operation for each declared command, table and so on that the route serves. */
  readonly operations: readonly Operation[]
}

/** The description of a route, or of a route for one declared command, table and so on. */
export interface Operation {
  /** The path of the route with the declared names. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  /** Parameters for the documentation only, in the format of OpenAPI. */
  readonly extraParameters?: readonly object[]
  readonly body?: JsonSchema
  /** The responses by status. */
  readonly answers: Readonly<Record<number, Answer>>
  /** The statuses with a problem document, besides those of every route. */
  readonly problems: readonly number[]
  /** The schemas, by name, that this operation refers to with `schemaRef`. */
  readonly schemas?: Readonly<Record<string, JsonSchema>>
}

export interface Answer {
  readonly description: string
  /** `application/json` by default. */
  readonly contentType?: string
  readonly schema: JsonSchema
  readonly headers?: readonly string[]
}

/** A reference to a schema in `schemas` of an operation. */
export function schemaRef(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${schemaName(name)}` }
}

/** Replaces the characters that OpenAPI does not allow in the name of a component. */
export function schemaName(name: string): string {
  return name.replace(/[^\w.-]/g, '_')
}

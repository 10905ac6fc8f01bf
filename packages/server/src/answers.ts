// Writes responses. Most are JSON. None is cached, because the content may change at any time.

/** The position of the log that the response includes. A read can wait for the position that a command returned. */
export const positionHeader = 'X-Position'

export interface JsonAnswer {
  readonly status?: number
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** To read it from the headers of a response would make them anew. */
const sizes = new WeakMap<Response, number>()

/** The bytes of the body, if they are known. */
export function sizeOf(response: Response): number | undefined {
  return sizes.get(response)
}

/** The body ends with a line break, so that a prompt after it starts on a new line. */
export function json(body: unknown, answer: JsonAnswer = {}): Response {
  return textAnswer(`${JSON.stringify(body)}\n`, answer)
}

export function textAnswer(body: string, answer: JsonAnswer = {}): Response {
  const { status = 200, contentType = 'application/json', headers = {} } = answer
  const size = Buffer.byteLength(body)
  const response = new Response(body, {
    status,
    headers: {
      'Content-Type': contentType,
      'Content-Length': String(size),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    },
  })
  sizes.set(response, size)
  return response
}

/** The link to another page: the same request with these parameters set, or removed if the value is undefined. */
export function linkTo(request: Request, parameters: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(request.url)
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  return url.pathname + url.search
}

// How every answer is written: JSON as a rule, never cached, because what it says may be another thing a moment later.

/** How far the answer reaches in the log. What a command answers here, a read may wait for. */
export const positionHeader = 'X-Position'

export interface JsonAnswer {
  readonly status?: number
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Ends with a line break, so that what a terminal prints next begins a line of its own. */
export function json(body: unknown, answer: JsonAnswer = {}): Response {
  return textAnswer(`${JSON.stringify(body)}\n`, answer)
}

export function textAnswer(body: string, answer: JsonAnswer = {}): Response {
  const { status = 200, contentType = 'application/json', headers = {} } = answer
  return new Response(body, {
    status,
    headers: {
      'Content-Type': contentType,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    },
  })
}

/** The address of another page of what was asked for: the same request with some parameters set, or removed where the value is nothing. */
export function linkTo(request: Request, parameters: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(request.url)
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  return url.pathname + url.search
}

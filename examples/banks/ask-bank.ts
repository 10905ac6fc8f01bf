// What a client of a bank does over HTTP.
export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the bank answered
  readonly body: any
}

/** Sends a command, with an id that makes it harmless to send it again. */
export async function tell(
  url: string,
  path: `${string}/${string}/${string}`,
  input: unknown,
  commandId: string,
): Promise<Answer> {
  const [category, id, command] = path.split('/') as [string, string, string]
  return await answerOf(
    await fetch(`${url}/commands/${category}/${encodeURIComponent(id)}/${command}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': commandId },
      body: JSON.stringify(input),
    }),
  )
}

export async function ask(url: string, path: string): Promise<Answer> {
  return await answerOf(await fetch(url + path))
}

/** Asks again until there is an answer: the bank may be down. Throws when the signal aborts. */
export async function untilDone(asked: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
  for (;;) {
    signal?.throwIfAborted()
    const answer = await asked().catch(() => undefined)
    if (answer && answer.status < 500) return answer
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, body: await response.json() }
}

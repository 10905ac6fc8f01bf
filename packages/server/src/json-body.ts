// Reads an untrusted request body. It limits bytes and depth, and accepts only JSON in UTF-8 without the key `__proto__`.
import { IndelibleError } from 'indelible'
import type { HeldBytes } from './held-bytes.ts'
import { jsonDepthMax, smallBytesMax } from './limits.ts'
import { HttpError } from './problems.ts'

const jsonContentType = /^application\/(json|[\w.-]+\+json)\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i

export interface BodyLimits {
  readonly bodyBytesMax: number
  readonly held: HeldBytes
}

/**
 * Throws `content_type_unsupported`, `body_too_large`, `malformed_body` or `server_busy`. If a key is given twice, the last value counts. A compressed body is
 * refused: it could be thousands of times as large as what was sent.
 */
export async function readJson(request: Request, limits: BodyLimits): Promise<unknown> {
  const contentType = request.headers.get('Content-Type') ?? ''
  if (!jsonContentType.test(contentType) || request.headers.has('Content-Encoding')) {
    throw new HttpError(
      'content_type_unsupported',
      'Send the body with Content-Type: application/json, not compressed.',
    )
  }
  const bytes = await readBytes(request, limits)
  const value = parse(decode(bytes))
  checkShape(value)
  return value
}

async function readBytes(request: Request, { bodyBytesMax: bytesMax, held }: BodyLimits): Promise<Uint8Array> {
  const tooLarge = () =>
    new HttpError('body_too_large', `The body has more than ${bytesMax} bytes.`, { members: { bytesMax } })
  const declared = request.headers.get('Content-Length')
  if (Number(declared ?? 0) > bytesMax) throw tooLarge()
  try {
    // HTTP reads no more than is declared. A stream costs more than the command.
    if (declared !== null && Number(declared) <= smallBytesMax) return new Uint8Array(await request.arrayBuffer())
    const holding = held.begin()
    try {
      return await countedBytes(request, (size) => {
        if (size > bytesMax) throw tooLarge()
        holding.grow(size)
      })
    } finally {
      holding.end()
    }
  } catch (error) {
    if (error instanceof HttpError) throw error
    throw new IndelibleError('aborted', 'The client disconnected before the end of the body.', { cause: error })
  }
}

/** A chunked body does not say how long it is, and a large one may arrive slowly: what has arrived is counted. */
async function countedBytes(request: Request, count: (bytes: number) => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.length
    count(size)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new HttpError('malformed_body', 'The body is not UTF-8.')
  }
}

function parse(text: string): unknown {
  if (text.trim() === '') {
    throw new HttpError('malformed_body', 'The body is empty. Send JSON, or {} for a command without input.')
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    const before = text.slice(0, offsetOf(error as SyntaxError, text)).split('\n')
    const [line, column] = [before.length, before.at(-1)!.length + 1]
    const problem = (error as SyntaxError).message.replace(
      / in JSON at position.*| JSON input|, .* is not valid JSON/s,
      '',
    )
    throw new HttpError('malformed_body', `The body is not JSON: ${problem} at line ${line}, column ${column}.`, {
      members: { line, column },
    })
  }
}

/** The offset where the parser stopped. If the error does not contain it, a binary search finds the shortest prefix with the same error. */
function offsetOf({ message }: SyntaxError, text: string): number {
  const told = / at position (\d+)/.exec(message)
  if (told) return Number(told[1])
  if (message.startsWith('Unexpected end')) return text.length
  let [parses, stops] = [0, text.length]
  while (stops - parses > 1) {
    const middle = (parses + stops) >>> 1
    if (isStoppedIn(text.slice(0, middle))) stops = middle
    else parses = middle
  }
  return stops - 1
}

function isStoppedIn(text: string): boolean {
  try {
    JSON.parse(text)
    return false
  } catch (error) {
    return (error as SyntaxError).message.startsWith('Unexpected token')
  }
}

/** Uses lists instead of recursion, because a deep body could overflow the call stack. */
function checkShape(value: unknown): void {
  let level = [value].filter(isObject)
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > jsonDepthMax) {
      throw new HttpError('malformed_body', `The body has more than ${jsonDepthMax} levels of arrays and objects.`)
    }
    // JSON.parse creates an ordinary key, but code that copies objects key by key would set the prototype.
    if (level.some((each) => Object.hasOwn(each, '__proto__'))) {
      throw new HttpError('malformed_body', 'The body has a key "__proto__".')
    }
    level = level.flatMap((each) => Object.values(each).filter(isObject))
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

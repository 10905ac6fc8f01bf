// Reads a request body that nobody has to trust: bounded in bytes and depth, UTF-8, JSON, and free of keys that rewire objects.
import { IndelibleError } from 'indelible'
import { jsonDepthMax } from './limits.ts'
import { HttpError } from './problems.ts'

const jsonContentType = /^application\/(json|[\w.-]+\+json)\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i

/** Throws `content_type_unsupported`, `body_too_large` or `malformed_body`. Of a key that is given twice, the last counts. */
export async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  const contentType = request.headers.get('Content-Type') ?? ''
  if (!jsonContentType.test(contentType) || request.headers.has('Content-Encoding')) {
    throw new HttpError(
      'content_type_unsupported',
      'Send the body with Content-Type: application/json, not compressed.',
    )
  }
  const bytes = await readBytes(request, bytesMax)
  const value = parse(decode(bytes))
  checkShape(value)
  return value
}

/** Counts what comes in, for a body that is sent in chunks does not say how long it is. */
async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = () =>
    new HttpError('body_too_large', `The body has more than ${bytesMax} bytes.`, { members: { bytesMax } })
  if (Number(request.headers.get('Content-Length') ?? 0) > bytesMax) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.length
      if (size > bytesMax) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof HttpError) throw error
    throw new IndelibleError('aborted', 'The client went away in the middle of the body.', { cause: error })
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new HttpError('malformed_body', 'The body is not UTF-8.')
  }
}

function parse(text: string): unknown {
  if (text.trim() === '') {
    throw new HttpError('malformed_body', 'The body is empty. Send JSON; {} is the input of a command that needs none.')
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

/** Where the parser stopped. It does not always say; then the shortest beginning of the text that it stops in tells. */
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

/** Walks with lists of its own instead of the call stack, which a body could overflow. */
function checkShape(value: unknown): void {
  let level = [value].filter(isObject)
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > jsonDepthMax) {
      throw new HttpError(
        'malformed_body',
        `The body has more than ${jsonDepthMax} arrays and objects inside each other.`,
      )
    }
    // JSON.parse makes it a plain key, but code that copies objects key by key would set a prototype with it.
    if (level.some((each) => Object.hasOwn(each, '__proto__'))) {
      throw new HttpError('malformed_body', 'The body has a key "__proto__".')
    }
    level = level.flatMap((each) => Object.values(each).filter(isObject))
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

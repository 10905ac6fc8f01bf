// Where checkpoints go: whoever holds the last one finds out when the log is put back, cut short or forked.
import { open, readFile, rename } from 'node:fs/promises'
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import { messageOf } from '../kernel/shown.ts'
import { readCheckpoint, type TreeHead } from './checkpoints.ts'
import { isSameHash } from './hashes.ts'
import { type VerifierKey, verifierKey } from './keys.ts'
import { base64 } from './proof-text.ts'

/** A checkpoint to publish, and how it goes together with earlier ones. */
export interface PublishedCheckpoint extends TreeHead {
  readonly note: string
  rootAt(size: number): Promise<Uint8Array>
  /** The proof that the tree of an earlier size is the beginning of this one. */
  consistencyFrom(size: number): Promise<readonly Uint8Array[]>
}

/** Signature lines of others below a checkpoint, and the keys that they must be of. */
export interface Cosignatures {
  readonly lines: string
  readonly keys: readonly VerifierKey[]
}

export interface Publisher {
  /** For status and errors. */
  readonly name: string
  /** The shortest time between two checkpoints that are published. */
  readonly everyMs: number
  /** Throws `tree_diverged` where the receiver knows a checkpoint that does not fit this one. Any other error means: try again. */
  publish(checkpoint: PublishedCheckpoint, signal: AbortSignal): Promise<Cosignatures | undefined>
}

/** The default of `everyMs`. */
export const publishEveryMs = 10_000
/** How long a receiver may take to answer. */
const answerMsMax = 30_000
/** What is read of an answer. */
const answerBytesMax = 64 * 1024

/** Writes each checkpoint to a file, for example on another disk. It checks first that the checkpoint in the file fits. */
export function checkpointFile(file: string, { everyMs = 1_000 }: { readonly everyMs?: number } = {}): Publisher {
  return {
    name: file,
    everyMs,
    async publish(checkpoint) {
      const before = await contentOf(file)
      if (before !== undefined) await assertFits(readCheckpoint(before), checkpoint, `The checkpoint in ${file}`)
      const unfinished = `${file}.new`
      const handle = await open(unfinished, 'w')
      try {
        await handle.writeFile(checkpoint.note)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(unfinished, file)
      return undefined
    },
  }
}

/** Sends each checkpoint by POST, as text. Any status of success is enough. */
export function checkpointPost(
  url: string | URL,
  {
    everyMs = publishEveryMs,
    headers = {},
  }: { readonly everyMs?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Publisher {
  return {
    name: String(url),
    everyMs,
    async publish({ note }, signal) {
      const { status } = await posted(url, { body: note, signal, headers })
      if (status < 200 || status > 299) throw unavailable(`${url} answered with ${status}.`)
      return undefined
    },
  }
}

/** A witness (https://c2sp.org/tlog-witness): it checks that the log only grows, and signs what it saw. `key` is its public key. Throws `config_invalid`. */
export function witness(
  url: string | URL,
  { key, everyMs = publishEveryMs }: { readonly key: string; readonly everyMs?: number },
): Publisher {
  const keys = [verifierKey(key)]
  const address = addressBehind(url, '/add-checkpoint')
  const name = `The witness ${keys[0]!.name}`
  /** What it signed last. */
  let seen = 0
  const ask = async (checkpoint: PublishedCheckpoint, signal: AbortSignal) => {
    const proof = await checkpoint.consistencyFrom(seen)
    const body = `old ${seen}\n${proof.map((hash) => `${base64(hash)}\n`).join('')}\n${checkpoint.note}`
    return await posted(address, { body, signal, headers: {} })
  }
  return {
    name: keys[0]!.name,
    everyMs,
    async publish(checkpoint, signal) {
      let answer = await ask(checkpoint, signal)
      if (answer.status === 409) {
        const size = Number(/^(\d{1,16})\n$/.exec(answer.text)?.[1] ?? Number.NaN)
        if (size > checkpoint.size) throw diverged(`${name} has signed ${size} events, and the log has fewer.`)
        if (Number.isSafeInteger(size) && size !== seen) {
          seen = size
          answer = await ask(checkpoint, signal)
        }
      }
      if (answer.status === 422 || (answer.status === 409 && seen === checkpoint.size))
        throw diverged(`${name} has signed ${seen} events, which are not the first ${seen} of this log.`)
      if (answer.status !== 200)
        throw unavailable(`${name} answered with ${answer.status}: ${answer.text.slice(0, 200)}`)
      seen = checkpoint.size
      return { lines: answer.text, keys }
    },
  }
}

function addressBehind(url: string | URL, path: string): string {
  if (URL.canParse(String(url)) && !/[?#]/.test(String(url))) return String(url).replace(/\/+$/, '') + path
  throw new IndelibleError(
    'config_invalid',
    `${JSON.stringify(String(url))} is not the URL of a witness. Write one such as https://witness.example, without a query.`,
  )
}

async function assertFits(before: TreeHead, now: PublishedCheckpoint, what: string): Promise<void> {
  if (before.size > now.size) throw diverged(`${what} has ${before.size} events, and the log has fewer.`)
  if (isSameHash(before.root, await now.rootAt(before.size))) return
  throw diverged(`${what} has ${before.size} events, which are not the first ${before.size} of this log.`)
}

interface Post {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

async function posted(
  url: string | URL,
  { body, headers, signal }: Post,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]),
    })
    return { status: response.status, text: await startOf(response) }
  } catch (error) {
    if (isIndelibleError(error)) throw error
    throw unavailable(`${url} cannot be reached: ${messageOf(error)}`, error)
  }
}

/** Not more than is needed of it: the receiver may send without end. */
async function startOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body ?? []) {
    parts.push(part)
    bytes += part.length
    if (bytes >= answerBytesMax) break
  }
  return Buffer.concat(parts).subarray(0, answerBytesMax).toString()
}

async function contentOf(file: string): Promise<string | undefined> {
  return await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

function diverged(message: string): IndelibleError {
  return new IndelibleError('tree_diverged', `${message} The log was put back to an older copy, cut short or forked.`)
}

function unavailable(message: string, cause?: unknown): IndelibleError {
  return new IndelibleError('remote_unavailable', message, { cause })
}

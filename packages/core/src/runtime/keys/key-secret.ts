// The secret of an API key: how it is made, what the log keeps of it, and the check. The log keeps a salted scrypt hash (RFC 7914), so that whoever reads the
// log cannot use the keys.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** What the log keeps of a secret. The parameters are recorded, so that they can be raised for later keys. Salt and hash are base64url. */
export interface Verifier {
  readonly algorithm: 'scrypt'
  readonly N: number
  readonly r: number
  readonly p: number
  readonly salt: string
  readonly hash: string
}

/** 16 MiB and about 50 ms of one core. A secret has 256 random bits, so that nobody can guess it even without this. */
const cost = { N: 2 ** 14, r: 8, p: 1 } as const
const secretBytes = 32
const saltBytes = 16
const hashBytes = 32
const idBytes = 12

/** `ind_<id>_<secret>`: the id in 16, the secret in 43 characters of base64url, where the id has no `_`. */
const keyForm = /^ind_([A-Za-z0-9-]{16})_([A-Za-z0-9_-]{43})$/

export const keyPrefix = 'ind_'

export interface KeyParts {
  readonly keyId: string
  readonly secret: string
}

/** Nothing for a text that is no key. */
export function keyParts(key: string): KeyParts | undefined {
  const [, keyId, secret] = keyForm.exec(key) ?? []
  return keyId === undefined ? undefined : { keyId, secret: secret! }
}

/** A new key. */
export function newKey(): KeyParts & { readonly key: string } {
  const keyId = randomBytes(idBytes).toString('base64url').replaceAll('_', '-')
  const secret = randomBytes(secretBytes).toString('base64url')
  return { keyId, secret, key: `${keyPrefix}${keyId}_${secret}` }
}

export async function verifierOf(secret: string): Promise<Verifier> {
  const salt = randomBytes(saltBytes)
  const hash = await hashed(secret, salt, cost)
  return { algorithm: 'scrypt', ...cost, salt: salt.toString('base64url'), hash: hash.toString('base64url') }
}

/** A verifier that no secret fits: the check of a key that does not exist is then the same work. */
export function decoy(): Verifier {
  const [salt, hash] = [randomBytes(saltBytes), randomBytes(hashBytes)]
  return { algorithm: 'scrypt', ...cost, salt: salt.toString('base64url'), hash: hash.toString('base64url') }
}

/** Compares in constant time. */
export async function fits(secret: string, { salt, hash, ...cost }: Verifier): Promise<boolean> {
  const computed = await hashed(secret, Buffer.from(salt, 'base64url'), cost)
  return timingSafeEqual(computed, Buffer.from(hash, 'base64url'))
}

async function hashed(secret: string, salt: Buffer, { N, r, p }: Pick<Verifier, 'N' | 'r' | 'p'>): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const done = (error: Error | null, hash: Buffer) => (error ? reject(error) : resolve(hash))
    scrypt(secret, salt, hashBytes, { N, r, p, maxmem: 256 * N * r * p }, done)
  })
}

// Keys for signed notes (https://c2sp.org/signed-note), Ed25519. In the text forms of Go's golang.org/x/mod/sumdb/note, so that other tools read them.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { IndelibleError } from '../kernel/errors.ts'
import { decodedBase64 } from './base64.ts'
import { sha256 } from './hashes.ts'

/** What a key signs: the text of a note (a log), or the text with a time before it (a witness, https://c2sp.org/tlog-cosignature). */
const kinds = { note: 1, cosignature: 4 } as const
export type KeyKind = keyof typeof kinds

const keyBytes = 32
const signatureBytes = 64
/** What stands before the 32 bytes of a key in DER (RFC 8410). */
const privateDer = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicDer = Buffer.from('302a300506032b6570032100', 'hex')

export interface VerifierKey {
  readonly name: string
  /** The first bytes of each signature: the key, as far as that distinguishes it. */
  readonly id: Uint8Array
  /** The key as text: `<name>+<id>+<base64>`. */
  readonly text: string
  /** Whether these bytes, behind the id, are its signature of a text. */
  verifies(text: string, signature: Uint8Array): boolean
}

export interface SignerKey {
  readonly name: string
  readonly verifier: VerifierKey
  /** The private key as text: `PRIVATE+KEY+<name>+<id>+<base64>`. A secret. */
  readonly text: string
  /** The signature of a text, with the id before it. */
  sign(text: string, atMs: number): Uint8Array
}

/** Makes a new key. Throws `proof_invalid` for a name that a note cannot have. */
export function newSignerKey(name: string, kind: KeyKind = 'note'): SignerKey {
  const der = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' })
  return signerOf(checkedName(name), kind, der.subarray(-keyBytes))
}

/** Reads a private key. Throws `proof_invalid`. */
export function signerKey(text: string): SignerKey {
  const [, name, id, key] = /^PRIVATE\+KEY\+([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? []
  const bytes = key === undefined ? undefined : decodedBase64(key)
  const kind = bytes && kindOf(bytes)
  if (name === undefined || !bytes || !kind) throw notAKey('private key')
  const signer = signerOf(name, kind, bytes.subarray(1))
  if (signer.text !== text || signer.verifier.text.split('+')[1] !== id) throw notAKey('private key')
  return signer
}

/** Reads a public key: `<name>+<id>+<base64>`. Throws `proof_invalid`. */
export function verifierKey(text: string): VerifierKey {
  const [, name, , key] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? []
  const bytes = key === undefined ? undefined : decodedBase64(key)
  const kind = bytes && kindOf(bytes)
  if (name === undefined || !bytes || !kind) throw notAKey('public key')
  const found = verifierOf(name, kind, bytes.subarray(1))
  if (found.text !== text) throw notAKey('public key')
  return found
}

function kindOf(bytes: Uint8Array): KeyKind | undefined {
  const kind = (Object.keys(kinds) as KeyKind[]).find((each) => kinds[each] === bytes[0])
  return bytes.length === 1 + keyBytes ? kind : undefined
}

function signerOf(name: string, kind: KeyKind, seed: Uint8Array): SignerKey {
  const key = createPrivateKey({ key: Buffer.concat([privateDer, seed]), format: 'der', type: 'pkcs8' })
  const publicBytes = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-keyBytes)
  const verifier = verifierOf(name, kind, publicBytes)
  const text = `PRIVATE+KEY+${name}+${hex(verifier.id)}+${keyText(kind, seed)}`
  return {
    name,
    verifier,
    text,
    sign(noteText, atMs) {
      if (kind === 'note') return Buffer.concat([verifier.id, signed(key, noteText)])
      const seconds = Buffer.alloc(8)
      seconds.writeBigUInt64BE(BigInt(Math.floor(atMs / 1000)))
      return Buffer.concat([verifier.id, seconds, signed(key, cosigned(noteText, seconds))])
    },
  }
}

function verifierOf(name: string, kind: KeyKind, bytes: Uint8Array): VerifierKey {
  const key = createPublicKey({ key: Buffer.concat([publicDer, bytes]), format: 'der', type: 'spki' })
  const id = sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([kinds[kind]]), bytes])).subarray(0, 4)
  return {
    name,
    id,
    text: `${name}+${hex(id)}+${keyText(kind, bytes)}`,
    verifies(text, signature) {
      if (kind === 'note') return isSigned(key, text, signature)
      const seconds = Buffer.from(signature.subarray(0, 8))
      return seconds.length === 8 && isSigned(key, cosigned(text, seconds), signature.subarray(8))
    },
  }
}

function cosigned(text: string, seconds: Buffer): string {
  return `cosignature/v1\ntime ${seconds.readBigUInt64BE()}\n${text}`
}

function signed(key: KeyObject, text: string): Buffer {
  return sign(null, Buffer.from(text), key)
}

function isSigned(key: KeyObject, text: string, signature: Uint8Array): boolean {
  return signature.length === signatureBytes && verify(null, Buffer.from(text), key, signature)
}

function keyText(kind: KeyKind, bytes: Uint8Array): string {
  return Buffer.concat([Buffer.from([kinds[kind]]), bytes]).toString('base64')
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** A name of a key stands in lines whose parts are separated by spaces and "+". */
export function checkedName(name: string): string {
  if (typeof name === 'string' && /^[^\s+\p{Cc}]+$/u.test(name) && name.isWellFormed()) return name
  throw new IndelibleError(
    'proof_invalid',
    `${JSON.stringify(name)} cannot be the name of a key: it must have no spaces and no "+", such as bank.example/log.`,
  )
}

function notAKey(what: string): IndelibleError {
  return new IndelibleError('proof_invalid', `This is not an Ed25519 ${what} of a signed note.`)
}

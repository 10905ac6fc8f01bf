// An OpenID Connect provider for tests: keys that can be rotated, tokens, and answers that go wrong.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { onTestFinished } from 'vitest'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

interface ProviderKey {
  readonly kid: string
  readonly publicKey: CryptoKey
  readonly privateKey: CryptoKey
}

export interface TestProvider {
  readonly issuer: string
  /** The paths that were asked for. */
  readonly asked: string[]
  /** A valid token, with these claims changed; undefined removes one. */
  token(claims?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>
  /** Replaces all keys. */
  rotate(): Promise<void>
  /** Answers every request in this way, until nothing is given. */
  answer(answer: Answer | undefined): void
  publicPem(): Promise<string>
}

export const audience = 'urn:shop'

export async function provider(): Promise<TestProvider> {
  let count = 0
  const newKey = async (): Promise<ProviderKey> => ({ kid: `k${++count}`, ...(await generateKeyPair('ES256')) })
  let key = await newKey()
  let answer: Answer | undefined
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    asked.push(request.url!)
    if (answer) return answer(request, response)
    const json = request.url === '/keys' ? { keys: [await jwk(key)] } : { issuer, jwks_uri: `${issuer}/keys` }
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(json))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    issuer,
    asked,
    async token(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1_000)
      const valid = { iss: issuer, aud: audience, sub: 'ann', iat: now, exp: now + 600 }
      const payload = Object.entries({ ...valid, ...claims }).filter(([, value]) => value !== undefined)
      return await new SignJWT(Object.fromEntries(payload) as JWTPayload)
        .setProtectedHeader({ alg: 'ES256', kid: key.kid, ...header })
        .sign(key.privateKey)
    },
    async rotate() {
      key = await newKey()
    },
    answer(next) {
      answer = next
    },
    publicPem: () => exportSPKI(key.publicKey),
  }
}

async function jwk({ kid, publicKey }: ProviderKey): Promise<object> {
  return { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }
}

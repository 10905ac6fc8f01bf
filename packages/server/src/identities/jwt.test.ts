// Tokens of a provider: every way in which a token is not valid, and a provider that changes its keys, is down, or answers wrongly.
import { webcrypto } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { base64url, generateKeyPair, SignJWT } from 'jose'
import { expect, onTestFinished, test, vi } from 'vitest'
import { bearer, guardedShop, lastActor, unauthenticated } from '../../test/guarded.ts'
import { audience, provider, type TestProvider } from '../../test/provider.ts'
import { type JwtOptions, jwt } from '../index.ts'
import { keysMaxAgeMs, keyWaitsMax, providerBytesMax, tokensRememberedMax } from '../limits.ts'
import { CheckedTokens } from './checked-tokens.ts'

const map = { actor: 'sub', roles: 'realm_access.roles', attributes: { account: 'account_id' } }
const unavailable = { status: 503, body: { type: 'urn:indelible:error:identity_unavailable' } }
const seconds = () => Math.floor(Date.now() / 1_000)

function shopOf({ issuer }: TestProvider, options: Partial<JwtOptions> = {}) {
  return guardedShop([jwt({ issuer, audience, principal: map, keysCooldownSeconds: 0.2, ...options })])
}

/** A token with parts as they are given. */
function forged(header: object, claims: object, signature = ''): string {
  return [...[header, claims].map((part) => base64url.encode(JSON.stringify(part))), signature].join('.')
}

test('a valid token stands for who it says', async () => {
  const idp = await provider()
  const { post, running } = shopOf(idp)
  const sent = await post('/commands/item/tea/ReceiveStock', { quantity: 1 }, bearer(await idp.token({ sub: 'ann' })))
  expect(sent).toMatchObject({ status: 200 })
  expect(await lastActor(running)).toBe('ann')
  expect(idp.asked).toEqual(['/.well-known/openid-configuration', '/keys'])
})

test.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
  ['that has expired', { exp: seconds() - 60 }, /ERR_JWT_EXPIRED/],
  ['that is not valid yet', { nbf: seconds() + 120 }, /"nbf"/],
  ['that never expires', { exp: undefined }, /"exp"/],
  ['for another audience', { aud: 'urn:other' }, /"aud"/],
  ['without an audience', { aud: undefined }, /"aud"/],
  ['of another issuer', { iss: 'https://evil.example' }, /No identity recognises/],
  ['of an issuer with a slash more', { iss: undefined }, /No identity recognises/],
  ['without a subject', { sub: undefined }, /which is to be the actor/],
  ['with an empty subject', { sub: '' }, /which is to be the actor/],
  ['with a subject that is a list', { sub: ['ann', 'root'] }, /which is to be the actor/],
  ['with a subject of two lines', { sub: 'ann\r\nX-Admin: yes' }, /control characters/],
  ['with a very long subject', { sub: 'a'.repeat(2_000) }, /512 bytes/],
  ['with roles that are none', { realm_access: { roles: [1] } }, /no roles/],
  ['with an attribute that is none', { account_id: { a: 1 } }, /no attribute/],
])('a token %s is refused', async (_, claims, reason) => {
  const idp = await provider()
  const { get, reasons } = shopOf(idp)
  const token = await idp.token(claims)
  expect(await get('/health', bearer(token))).toMatchObject(unauthenticated)
  expect(reasons()).toEqual([expect.stringMatching(reason)])
  expect(reasons().join()).not.toContain(token.split('.')[2])
})

test('a token within the skew of clocks is valid', async () => {
  const idp = await provider()
  const { get } = shopOf(idp, { clockSkewSeconds: 60 })
  for (const claims of [{ exp: seconds() - 30 }, { nbf: seconds() + 30 }])
    expect(await get('/health', bearer(await idp.token(claims)))).toMatchObject({ status: 200 })
})

test('a token that the provider did not sign is refused, whatever it says of itself', async () => {
  const idp = await provider()
  const { get, reasons } = shopOf(idp)
  const claims = { iss: idp.issuer, aud: audience, sub: 'root', exp: seconds() + 600 }
  const good = await idp.token()
  const [head, payload, signature] = good.split('.') as [string, string, string]
  const { privateKey: foreign } = await generateKeyPair('ES256')
  const pem = new TextEncoder().encode(await idp.publicPem())
  const hmac = (alg: string) => new SignJWT(claims).setProtectedHeader({ alg, kid: 'k1' }).sign(pem)
  const attacks = [
    forged({ alg: 'none' }, claims),
    forged({ alg: 'None', kid: 'k1' }, claims),
    forged({ alg: 'none', kid: 'k1' }, claims, signature),
    forged({ alg: 'ES256', kid: 'k1' }, claims),
    forged({ alg: 'ES256', kid: 'k1' }, claims, signature),
    await hmac('HS256'),
    await hmac('HS512'),
    await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(foreign),
    // The key of the attacker in the header (RFC 7515, section 4.1.3), and where to get it.
    await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'k1', jwk: { kty: 'EC' }, jku: 'https://evil.example/keys' })
      .sign(foreign),
    await idp
      .token({}, { crit: ['exp'], exp: 1 })
      .catch(() => forged({ alg: 'ES256', crit: ['exp'] }, claims, signature)),
    `${head}.${base64url.encode(JSON.stringify(claims))}.${signature}`,
    `${head}.${payload}.`,
    `${head}.${payload}`,
    `${head}..${signature}`,
    `${good}.x`,
  ]
  for (const token of attacks) expect(await get('/health', bearer(token))).toMatchObject(unauthenticated)
  expect(await get('/health', bearer(good))).toMatchObject({ status: 200 })
  for (const reason of reasons()) expect(reason).not.toMatch(/eyJ/)
})

test('a token with an unknown key is refused, after the provider was asked once more', async () => {
  const idp = await provider()
  const { get, reasons } = shopOf(idp)
  await get('/health', bearer(await idp.token()))
  expect(await get('/health', bearer(await idp.token({}, { kid: 'k9' })))).toMatchObject(unauthenticated)
  expect(reasons()).toEqual([expect.stringContaining('ERR_JWKS_NO_MATCHING_KEY')])
  expect(idp.asked.filter((path) => path === '/keys')).toHaveLength(2)
})

test('keys are rotated under load: no valid token is refused, and the provider is asked seldom', async () => {
  const idp = await provider()
  const { get } = shopOf(idp, { keysCooldownSeconds: 0.1 })
  for (let round = 0; round < 4; round++) {
    const tokens = await Promise.all(Array.from({ length: 50 }, () => idp.token()))
    const answers = await Promise.all(tokens.map((token) => get('/health', bearer(token))))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    await idp.rotate()
  }
  expect(idp.asked.filter((path) => path === '/keys').length).toBeLessThanOrEqual(2 * 4)
})

test('a token is checked once, and again when its provider has other keys', async () => {
  const idp = await provider()
  const { get, reasons } = shopOf(idp)
  const old = bearer(await idp.token())
  const checks = vi.spyOn(webcrypto.subtle, 'verify')
  onTestFinished(() => checks.mockRestore())
  for (let count = 0; count < 5; count++) expect(await get('/health', old)).toMatchObject({ status: 200 })
  expect(checks).toHaveBeenCalledTimes(1)
  await idp.rotate()
  // The new key is found by a token with it. The old one is no longer among them.
  expect(await get('/health', bearer(await idp.token({ sub: 'bob' })))).toMatchObject({ status: 200 })
  expect(await get('/health', old)).toMatchObject(unauthenticated)
  expect(reasons()).toEqual([expect.stringContaining('ERR_JWKS_NO_MATCHING_KEY')])
})

test('a token that is remembered expires in time', async () => {
  const idp = await provider()
  const { get, reasons } = shopOf(idp, { clockSkewSeconds: 30 })
  const token = bearer(await idp.token({ exp: seconds() + 120 }))
  expect(await get('/health', token)).toMatchObject({ status: 200 })
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  vi.setSystemTime(Date.now() + 149_000)
  expect(await get('/health', token)).toMatchObject({ status: 200 })
  vi.setSystemTime(Date.now() + 2_000)
  expect(await get('/health', token)).toMatchObject(unauthenticated)
  expect(reasons()).toEqual([expect.stringContaining('ERR_JWT_EXPIRED')])
})

test('only so many tokens are remembered', async () => {
  const tokens = new CheckedTokens()
  const principal = { actor: 'ann' }
  const keys = {}
  for (let at = 0; at <= tokensRememberedMax; at++)
    tokens.add(`token ${at}`, { keys, principal, expiresAt: Date.now() + 60_000 })
  expect(tokens.find('token 0', keys)).toBeUndefined()
  expect(tokens.find('token 1', keys)).toBe(principal)
  expect(tokens.find('token 1', {})).toBeUndefined()
})

test('a flood of unknown keys asks the provider seldom, and does not disturb tokens with known ones', async () => {
  const idp = await provider()
  const { get } = shopOf(idp, { keysCooldownSeconds: 0.5 })
  const good = bearer(await idp.token())
  await get('/health', good)
  const wrong = await Promise.all(Array.from({ length: keyWaitsMax + 50 }, (_, at) => idp.token({}, { kid: `x${at}` })))
  const flood = wrong.map((token) => get('/health', bearer(token)))
  for (let count = 0; count < 20; count++) expect(await get('/health', good)).toMatchObject({ status: 200 })
  const statuses = (await Promise.all(flood)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(keyWaitsMax)
  expect(new Set(statuses)).toEqual(new Set([401, 503]))
  expect(idp.asked.filter((path) => path === '/keys').length).toBeLessThanOrEqual(4)
})

test('while the provider is down known keys go on to work; otherwise nobody can say', async () => {
  const idp = await provider()
  const [working, starting] = [shopOf(idp), shopOf(idp, { keysCooldownSeconds: 60 })]
  const good = bearer(await idp.token())
  expect(await working.get('/health', good)).toMatchObject({ status: 200 })
  idp.answer((_, response) => response.writeHead(500).end())
  expect(await working.get('/health', good)).toMatchObject({ status: 200 })
  expect(await starting.get('/health', good)).toMatchObject(unavailable)
  await idp.rotate()
  const rotated = bearer(await idp.token())
  expect(await working.get('/health', rotated)).toMatchObject(unavailable)
  expect(working.reasons()).toEqual([expect.stringContaining('it answered 500')])
  // While it is known to be down, nobody waits, and it is not asked.
  const asked = idp.asked.length
  for (let count = 0; count < 20; count++) expect(await starting.get('/health', rotated)).toMatchObject(unavailable)
  expect(idp.asked.length).toBe(asked)
  idp.answer(undefined)
  await expect.poll(() => working.get('/health', rotated)).toMatchObject({ status: 200 })
})

test('keys that have become old are asked for in the background; a provider that is down is told once', async () => {
  const idp = await provider()
  const { get, notices } = shopOf(idp)
  const good = bearer(await idp.token())
  await get('/health', good)
  const later = performance.now() + keysMaxAgeMs + 1_000
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => later)
  onTestFinished(() => clock.mockRestore())
  idp.answer((_, response) => response.writeHead(500).end())
  for (let count = 0; count < 50; count++) expect(await get('/health', good)).toMatchObject({ status: 200 })
  await expect
    .poll(notices)
    .toMatchObject([
      { kind: 'identity provider unreachable', issuer: idp.issuer, message: expect.stringContaining('answered 500') },
    ])
  for (let count = 0; count < 50; count++) expect(await get('/health', good)).toMatchObject({ status: 200 })
  expect(notices()).toHaveLength(1)
  expect(idp.asked.filter((path) => path === '/keys')).toHaveLength(2)
})

test.each<[string, Parameters<TestProvider['answer']>[0], RegExp]>([
  [
    'that is huge',
    (_, response) => {
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) {}
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    },
    new RegExp(`more than ${providerBytesMax} bytes`),
  ],
  ['that redirects', (_, response) => response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(), /redirect/],
  ['that is no JSON', (_, response) => response.end('<html>'), /JSON/],
  ['that is no object', (_, response) => response.end('null'), /no JSON object/],
  ['that breaks off', (_, response) => response.destroy(), /did not give its keys/],
  ['about another issuer', (_, response) => response.end('{"issuer":"https://evil.example"}'), /and not about/],
  [
    'that names keys at no URL',
    (_, response) => response.end('{"issuer":"ISSUER","jwks_uri":"file:///etc"}'),
    /names no URL/,
  ],
])('an answer of the provider %s is no answer', async (_, answer, reason) => {
  const idp = await provider()
  idp.answer((request, response) => {
    const end = response.end.bind(response) as (text?: string) => typeof response
    response.end = ((text?: string) => end(text?.replace('ISSUER', idp.issuer))) as typeof response.end
    answer!(request, response)
  })
  const { get, reasons } = shopOf(idp)
  expect(await get('/health', bearer(await idp.token()))).toMatchObject(unavailable)
  expect(reasons()).toEqual([expect.stringMatching(reason)])
})

test('a slow provider holds up only tokens with unknown keys', async () => {
  const idp = await provider()
  const { get } = shopOf(idp)
  const good = bearer(await idp.token())
  await get('/health', good)
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  idp.answer(async (_, response) => {
    await released
    response.end('{"keys":[]}')
  })
  const unknown = get('/health', bearer(await idp.token({}, { kid: 'k9' })))
  expect(await get('/health', good)).toMatchObject({ status: 200 })
  expect(await Promise.race([unknown, sleep(50, 'waits')])).toBe('waits')
  release()
  expect(await unknown).toMatchObject(unauthenticated)
})

test('jwksUrl needs no discovery, and symmetric keys there are never used', async () => {
  const idp = await provider()
  const { get } = shopOf(idp, { jwksUrl: `${idp.issuer}/keys` })
  expect(await get('/health', bearer(await idp.token()))).toMatchObject({ status: 200 })
  expect(idp.asked).toEqual(['/keys'])
  const secret = new TextEncoder().encode('a secret of thirty-two characters')
  idp.answer((_, response) =>
    response.end(JSON.stringify({ keys: [{ kty: 'oct', kid: 's', k: base64url.encode(secret) }] })),
  )
  const hmac = await new SignJWT({ iss: idp.issuer, aud: audience, sub: 'root', exp: seconds() + 60 })
    .setProtectedHeader({ alg: 'HS256', kid: 's' })
    .sign(secret)
  expect(await shopOf(idp, { jwksUrl: `${idp.issuer}/keys` }).get('/health', bearer(hmac))).toMatchObject(
    unauthenticated,
  )
})

test('claims become actor, roles and attributes as the map says', async () => {
  const idp = await provider()
  const claims = {
    realm_access: { roles: ['clerk', 'auditor'] },
    account_id: ['a1', 'a2'],
    'https://bank.example/level': 3,
    scope: 'read write',
  }
  const token = await idp.token(claims)
  const request = {
    method: 'GET',
    path: '/',
    headers: new Headers(bearer(token)),
    certificate: undefined,
    remoteAddress: undefined,
  }
  const principalBy = (principal: JwtOptions['principal']) =>
    jwt({ issuer: idp.issuer, audience: ['urn:x', audience], principal }).recognise(request, {
      notify: () => {},
    } as never)
  expect(await principalBy(map)).toEqual({
    actor: 'ann',
    roles: ['clerk', 'auditor'],
    attributes: { account: ['a1', 'a2'] },
  })
  expect(
    await principalBy({
      actor: 'sub',
      actorPrefix: 'idp:',
      roles: 'scope',
      attributes: { level: ['https://bank.example/level'], none: 'nope', inherited: 'toString' },
    }),
  ).toEqual({ actor: 'idp:ann', roles: ['read', 'write'], attributes: { level: '3' } })
})

test('several providers stand side by side', async () => {
  const [one, two] = [await provider(), await provider()]
  const { get } = guardedShop([one, two].map(({ issuer }) => jwt({ issuer, audience, principal: map })))
  for (const idp of [one, two]) expect(await get('/health', bearer(await idp.token()))).toMatchObject({ status: 200 })
  // A token of one with the name of the other.
  expect(await get('/health', bearer(await one.token({ iss: two.issuer })))).toMatchObject(unauthenticated)
})

test.each<[string, Partial<JwtOptions>]>([
  ['an issuer without TLS', { issuer: 'http://login.example' }],
  ['an issuer that is no URL', { issuer: 'login.example' }],
  ['an issuer with a password', { issuer: 'https://a:b@login.example' }],
  ['keys without TLS', { jwksUrl: 'http://login.example/keys' }],
  ['no audience', { audience: '' }],
  ['an empty list of audiences', { audience: [] }],
  ['a symmetric algorithm', { algorithms: ['HS256'] }],
  ['no signature', { algorithms: ['none'] }],
  ['no algorithm', { algorithms: [] }],
  ['too much skew', { clockSkewSeconds: 3_600 }],
  ['a skew that is no number', { clockSkewSeconds: Number.NaN }],
  ['a misspelt map', { principal: { actor: 'sub', role: 'roles' } as never }],
  ['a map without an actor', { principal: {} as never }],
])('%s is refused at the start', (_, wrong) => {
  const options = { issuer: 'https://login.example', audience, principal: map, ...wrong }
  expect(() => jwt(options)).toThrow(expect.objectContaining({ code: 'config_invalid' }))
})

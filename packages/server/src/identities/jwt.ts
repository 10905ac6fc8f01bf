// Recognises people and programs by the access tokens of an OpenID Connect provider: JSON Web Tokens (RFC 7519), checked as RFC 9068 and RFC 8725 say.
import { IndelibleError } from 'indelible'
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { clockSkewSecondsDefault, clockSkewSecondsMax, keysCooldownSecondsDefault } from '../limits.ts'
import { CheckedTokens } from './checked-tokens.ts'
import { bearerToken, type Identity } from './identity.ts'
import { checkedMap, type PrincipalMap, principalFrom } from './principal-map.ts'
import { checkedProviderUrl, ProviderKeys, ProviderUnavailable } from './provider-keys.ts'

export interface JwtOptions {
  /** As the tokens and the provider spell it: `https://login.example/realms/bank`. */
  readonly issuer: string
  /** The name of this system, or names, for which the provider issues tokens. Tokens for others are refused. */
  readonly audience: string | readonly string[]
  /** Which claims make the principal. */
  readonly principal: PrincipalMap
  /** Where the keys of the provider are. Without it the provider says so, at `/.well-known/openid-configuration`. */
  readonly jwksUrl?: string
  /** All common asymmetric ones by default. Symmetric ones are refused: whoever can check a token with them can also make one. */
  readonly algorithms?: readonly string[]
  /** How far clocks may differ: 30 by default, at most 300. */
  readonly clockSkewSeconds?: number
  /** The least time between two requests to the provider for its keys: 5 by default. */
  readonly keysCooldownSeconds?: number
}

const asymmetric = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** Recognises `Authorization: Bearer` with a token of this issuer. Throws `config_invalid`. */
export function jwt(options: JwtOptions): Identity {
  const { issuer, audience, principal, jwksUrl, algorithms = asymmetric } = options
  const { clockSkewSeconds = clockSkewSecondsDefault, keysCooldownSeconds = keysCooldownSecondsDefault } = options
  checkedProviderUrl(issuer, 'issuer')
  if (jwksUrl !== undefined) checkedProviderUrl(jwksUrl, 'jwksUrl')
  const audiences = [audience].flat()
  if (audiences.length === 0 || !audiences.every((each) => typeof each === 'string' && each !== ''))
    throw invalid(
      '"audience" is missing. Name this system as its provider does, or tokens for other systems would be valid here.',
    )
  const refusedAlgorithm = algorithms.find((each) => !asymmetric.includes(each))
  if (refusedAlgorithm !== undefined || algorithms.length === 0)
    throw invalid(`the algorithm "${refusedAlgorithm}" is not allowed. Choose from ${asymmetric.join(', ')}.`)
  if (!(clockSkewSeconds >= 0 && clockSkewSeconds <= clockSkewSecondsMax))
    throw invalid(`"clockSkewSeconds" is ${clockSkewSeconds}. Give 0 to ${clockSkewSecondsMax}.`)
  if (!(keysCooldownSeconds >= 0 && keysCooldownSeconds <= clockSkewSecondsMax))
    throw invalid(`"keysCooldownSeconds" is ${keysCooldownSeconds}. Give 0 to ${clockSkewSecondsMax}.`)
  const map = checkedMap(principal, 'jwt')
  const keys = new ProviderKeys({ issuer, jwksUrl, cooldownMs: keysCooldownSeconds * 1_000 })
  const checked = new CheckedTokens()
  const rules = {
    issuer,
    audience: [...audiences],
    algorithms: [...algorithms],
    clockTolerance: clockSkewSeconds,
    requiredClaims: ['exp'],
  }
  return {
    name: `JWT of ${issuer}`,
    async recognise({ headers }, { notify }) {
      const token = bearerToken(headers)
      if (token === undefined) return undefined
      const onStale = (message: string) => notify({ kind: 'identity provider unreachable', issuer, message })
      keys.keepFresh(onStale)
      const known = checked.find(token, keys.known)
      if (known) return known
      if (claimsOf(token)?.iss !== issuer) return undefined
      try {
        let used: unknown
        const find: JWTVerifyGetKey = async (header, jws) => {
          const found = await keys.keyFor(header, jws, onStale)
          used = found.keys
          return found.key
        }
        const { payload } = await jwtVerify(token, find, rules)
        const found = principalFrom(payload, map)
        const expiresAt = (payload.exp! + clockSkewSeconds) * 1_000
        if (found && 'actor' in found && used === keys.known)
          checked.add(token, { keys: used, principal: found, expiresAt })
        return found
      } catch (error) {
        if (error instanceof ProviderUnavailable)
          return { unavailable: error.message, retryAfterSeconds: error.retryAfterSeconds }
        if (error instanceof errors.JOSEError) return { refused: `${error.code}: ${error.message}.` }
        throw error
      }
    },
  }
}

/** Unchecked: only to see for which identity a token is. Nothing if it is no JWT. */
function claimsOf(token: string): JWTPayload | undefined {
  try {
    return decodeJwt(token)
  } catch {
    return undefined
  }
}

function invalid(problem: string): IndelibleError {
  return new IndelibleError('config_invalid', `jwt cannot work: ${problem}`)
}

// Who a request is from.
export { apiKeys } from './api-keys.ts'
export type { ShownCertificate } from './certificate.ts'
export {
  type Identity,
  type IdentityContext,
  identity,
  type KnownPrincipal,
  type Recognised,
  type ShownRequest,
} from './identity.ts'
export { type JwtOptions, jwt } from './jwt.ts'
export { type CertificateRule, type MutualTlsOptions, mutualTls } from './mutual-tls.ts'
export type { FieldPath, PrincipalMap } from './principal-map.ts'
export { type Recogniser, recogniser } from './recogniser.ts'
export { assertSame } from './same-principal.ts'

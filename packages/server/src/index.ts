// `@indelible/server`: the HTTP API of a running system, and its requests for programs that ask it.
export { type ApiRequest, errorOf, requestOf, resultOf } from './client.ts'
export { defineServer, type ServerConfig, serverOptionsIn } from './define-server.ts'
export { type HttpApiOptions, httpApi } from './http-api.ts'
export { type HttpServiceOptions, httpService } from './http-service.ts'
export { type HttpSystemOptions, httpSystem } from './http-system.ts'
export {
  apiKeys,
  type CertificateRule,
  type FieldPath,
  type Identity,
  type IdentityContext,
  identity,
  type JwtOptions,
  jwt,
  type KnownPrincipal,
  type MutualTlsOptions,
  mutualTls,
  type PrincipalMap,
  type Recognised,
  type ShownCertificate,
  type ShownRequest,
} from './identities/index.ts'
export type { LimitOptions } from './limit-options.ts'
export { drainMsDefault } from './limits.ts'
export type { ServerNotice } from './notices.ts'
export type { ReadinessOptions } from './probes.ts'
export { type CloseOptions, type HttpServer, type ServeOptions, serve } from './serve.ts'
export type { TlsOptions } from './tls/certificates.ts'

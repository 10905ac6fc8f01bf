// `@indelible/server`: the HTTP API of a running system, and its requests for programs that ask it.
export { type ApiRequest, errorOf, requestOf, resultOf } from './client.ts'
export { type HttpApiOptions, httpApi } from './http-api.ts'
export { type HttpServiceOptions, httpService } from './http-service.ts'
export { type HttpSystemOptions, httpSystem } from './http-system.ts'
export type { LimitOptions } from './limit-options.ts'
export { drainMsDefault } from './limits.ts'
export type { ReadinessOptions } from './probes.ts'
export { type CloseOptions, type HttpServer, type ServeOptions, serve } from './serve.ts'

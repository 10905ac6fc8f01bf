// `@indelible/server`: the HTTP API of a running system, and its requests for programs that ask it.
export { type ApiRequest, errorOf, requestOf, resultOf } from './client.ts'
export { type HttpApiOptions, httpApi } from './http-api.ts'
export { type HttpSystemOptions, httpSystem } from './http-system.ts'
export { type HttpServer, type ServeOptions, serve } from './serve.ts'

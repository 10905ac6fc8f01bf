// `@indelible/server`: the HTTP API of a running system.
export { type HttpApiOptions, httpApi } from './http-api.ts'
export { type HttpServer, type ServeOptions, serve } from './serve.ts'

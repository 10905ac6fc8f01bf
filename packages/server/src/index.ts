// `@indelible/server`: the HTTP door to a running system.
export { type HttpApiOptions, httpApi } from './http-api.ts'
export { type HttpServer, type ServeOptions, serve } from './serve.ts'

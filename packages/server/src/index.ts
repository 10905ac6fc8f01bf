// `@indelible/server`: the HTTP API of a running system, and its requests for programs that ask it.
export { type ApiRequest, errorOf, requestOf, resultOf } from './client.ts'
export { type HttpApiOptions, httpApi } from './http-api.ts'
export { type HttpServiceOptions, httpService } from './http-service.ts'
export { type HttpSystemOptions, httpSystem } from './http-system.ts'
export { type LogFormat, type OperatorLog, type OperatorLogOptions, operatorLog } from './operator-log.ts'
export { type HttpServer, type ServeOptions, serve } from './serve.ts'
export type { AnsweredRequest } from './watched-requests.ts'

// Asks a running system over HTTP.
export { type AskServer, askServer } from './ask-server.ts'
export { unexpectedResponse } from './http-request.ts'

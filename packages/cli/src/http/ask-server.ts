// Calls an operation on a running server, with the same maps that the server has.
import { type ApiRequest, requestOf, resultOf } from '@indelible/server'
import type { Operation, Principal } from 'indelible/operations'
import { keyHeaders, type ServerToAsk } from '../options/index.ts'
import { interruptedError, type Session } from '../session.ts'
import { sendRequest } from './http-request.ts'

export type AskServer = <Input extends object, Result>(
  operation: Operation<Input, Result>,
  input: Input,
  principal?: Principal,
) => Promise<Result>

/** Throws `usage` if there is no key where it was to be; then the errors of the operation, `server_unreachable`, `server_failed`, `interrupted`. */
export function askServer(server: ServerToAsk, session: Session): AskServer {
  const { signal } = session
  const { url } = server
  const shown = keyHeaders(server, session)
  return async (operation, input, principal = {}) => {
    try {
      return resultOf(
        operation,
        await sendRequest(url, withHeaders(requestOf(operation, input, principal), shown), signal),
      )
    } catch (error) {
      throw signal.aborted ? interruptedError() : error
    }
  }
}

function withHeaders(request: ApiRequest, headers: ApiRequest['headers']): ApiRequest {
  return { ...request, headers: { ...request.headers, ...headers } }
}

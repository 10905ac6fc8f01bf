// Calls an operation on a running server, with the same maps that the server has.
import { requestOf, resultOf } from '@indelible/server'
import type { Operation, Principal } from 'indelible/operations'
import { interruptedError, type Session } from '../session.ts'
import { sendRequest } from './http-request.ts'

export type AskServer = <Input extends object, Result>(
  operation: Operation<Input, Result>,
  input: Input,
  principal?: Principal,
) => Promise<Result>

/** Throws the errors of the operation, `server_unreachable`, `server_failed`, `interrupted`. */
export function askServer(url: URL, { signal }: Pick<Session, 'signal'>): AskServer {
  return async (operation, input, principal = {}) => {
    try {
      return resultOf(operation, await sendRequest(url, requestOf(operation, input, { principal }), signal))
    } catch (error) {
      throw signal.aborted ? interruptedError() : error
    }
  }
}

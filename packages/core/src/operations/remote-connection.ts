// A connection to another system by its operations. How they are asked is up to a transport, which carries JSON.
import { IndelibleError } from '../kernel/errors.ts'
import { eventOfJson, type RecordedEvent } from '../kernel/events.ts'
import type { RemoteCallOptions, RemoteConnection } from '../runtime/remotes/connection.ts'
import { pageMax } from './limits.ts'
import { operations } from './list.ts'
import type { Call, Operation } from './operation.ts'
import { given } from './parameters.ts'

/**
 * Asks another system for an operation, and gives its result as JSON. Throws `remote_unavailable`, `remote_rejected`, `aborted`; `command_claimed` and
 * `feed_diverged` as the other system does.
 */
export type AskRemote = <Input extends object, Result>(
  operation: Operation<Input, Result>,
  input: Input,
  call: Call,
) => Promise<Result>

/** For transports: a connection that asks for everything by one function. */
export function remoteConnection(ask: AskRemote): RemoteConnection {
  const callOf = ({ actor, signal, traceparent }: RemoteCallOptions = {}): Call => ({
    principal: given({ actor }),
    signal,
    traceparent,
  })
  return {
    async send({ category, id, type: command, input }, { commandId, correlationId, validAt, ...others }) {
      const sent = { category, id, command, input, ...given({ commandId, correlationId, validAt }) }
      const outcome = await ask(operations.sendCommand, sent, callOf(others))
      return oneOf(outcome, ['accepted', 'refused', 'conflict'])
    },
    async claim(claim, options) {
      return oneOf(await ask(operations.claimCommand, claim, callOf(options)), ['claimed', 'carriedOut'])
    },
    async find(commandId, options) {
      const found = await ask(operations.findCommand, { commandId }, callOf(options))
      oneOf(found, ['claimed', 'carriedOut', 'unknown'])
      return found.status === 'carriedOut' ? { ...found, events: eventsOf(found.events) } : found
    },
    async readFeed({ types, after, history, waitMs }, options) {
      const input = { types, waitMs, limit: pageMax, ...given({ after, history }) }
      const page = await ask(operations.readFeed, input, callOf(options))
      if (!Array.isArray(page.events) || !isPosition(page.position) || typeof page.history !== 'string') throw unclear()
      return { ...page, events: eventsOf(page.events) }
    },
  }
}

/** An answer that is none of those that there are may come from somebody else. */
function oneOf<Answer extends { readonly status: string }>(answer: Answer, known: readonly Answer['status'][]): Answer {
  if (known.includes(answer.status)) return answer
  throw unclear()
}

function isPosition(given: unknown): boolean {
  return Number.isSafeInteger(given)
}

function unclear(): IndelibleError {
  return new IndelibleError('remote_unavailable', 'The answer is none that an Indelible system gives.')
}

/** Over a transport, events are JSON. */
function eventsOf(events: readonly unknown[]): readonly RecordedEvent[] {
  return events.map(eventOfJson)
}

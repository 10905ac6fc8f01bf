// What the commands for sagas have in common: they choose a client by their options, and close it at the end.
import type { Command } from 'commander'
import type { Operation } from 'indelible/operations'
import { CliError, type CliErrorCode } from '../../errors/index.ts'
import { askServer } from '../../http/index.ts'
import { type ClientOptions, serverOf } from '../../options/index.ts'
import { jsonLine } from '../../output/index.ts'
import { openDirectSagas, type SagaClient, sagasByServer } from '../../sagas/index.ts'
import type { Session } from '../../session.ts'

export interface DecisionOptions extends ClientOptions {
  readonly actor?: string
  readonly reason?: string
}

export const nameArgument = ['<name>', 'the name of the saga'] as const
export const idArgument = ['<id>', 'the id of the stream whose event started it'] as const

export function addActor(command: Command): Command {
  return command.option('--actor <name>', 'who decides this; the log records it')
}

export async function withSagaClient<Result>(
  options: ClientOptions,
  session: Session,
  work: (client: SagaClient) => Promise<Result>,
): Promise<Result> {
  const server = serverOf(options)
  const client = server ? sagasByServer(server, session) : await openDirectSagas(options, session)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

/** What a person decided about one saga or schedule. Only a running system can act on it. */
export async function decideByServer<Input extends object, Result extends object>(
  { operation, input, isDone, done, undone, code = 'saga_unchanged' }: Decided<Input, Result>,
  options: DecisionOptions,
  session: Session,
): Promise<void> {
  const { actor, json } = options
  const server = serverOf(options)
  if (!server) {
    throw new CliError(
      'usage',
      'Only a running system can do this, because it acts on it at once. Start the system (indelible serve), then repeat the command with --url http://127.0.0.1:3000',
    )
  }
  const result = await askServer(server, session)(operation, input, actor === undefined ? {} : { actor })
  if (json) await session.out.write(`${jsonLine(result)}\n`)
  if (!isDone(result)) throw new CliError(code, undone)
  if (!json) await session.out.write(`${typeof done === 'string' ? done : done(result)}\n`)
}

interface Decided<Input extends object, Result> {
  readonly operation: Operation<Input, Result>
  readonly input: Input
  readonly isDone: (result: Result) => boolean
  readonly done: string | ((result: Result) => string)
  /** Why nothing was done. */
  readonly undone: string
  /** Of the error that says so. */
  readonly code?: CliErrorCode
}

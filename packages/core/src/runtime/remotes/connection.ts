// The port to another system: what this one asks of it. Adapters implement it over HTTP or in memory; nothing above knows which.
import type { Command } from '../../kernel/commands.ts'
import type { ClaimOutcome, CommandClaim, CommandFound } from '../commands/command-ids.ts'
import type { CommandOutcome, SendOptions } from '../commands/outcome.ts'
import type { FeedAsked, FeedPage } from './feed-page.ts'

export interface RemoteSendOptions
  extends Pick<SendOptions, 'actor' | 'correlationId' | 'traceparent' | 'validAt' | 'signal'> {
  /** The same whenever the command is sent again. */
  readonly commandId: string
}

export interface RemoteCallOptions {
  readonly actor?: string
  /** What led to it, as a W3C traceparent: for the other system to continue. */
  readonly traceparent?: string
  readonly signal?: AbortSignal
}

/**
 * A connection to another system. Every method throws `remote_unavailable` where no answer came, or none that says what was done; `remote_rejected` where
 * the other system cannot do it, whoever asks how often; and `aborted`.
 */
export interface RemoteConnection {
  /** Carries out a command there, once for its id. Throws `command_claimed` besides. */
  send(command: Command, options: RemoteSendOptions): Promise<CommandOutcome>
  /** Sees to it that no command with this id is carried out there any more, unless one was. */
  claim(claim: CommandClaim, options?: RemoteCallOptions): Promise<ClaimOutcome>
  /** What became of the command with this id. */
  find(commandId: string, options?: RemoteCallOptions): Promise<CommandFound>
  /** A page of its event feed. Throws `feed_diverged` besides. */
  readFeed(asked: Omit<FeedAsked, 'bytesMax' | 'limit'>, options?: RemoteCallOptions): Promise<FeedPage>
}

// Access to the audit trail: directly to the log, or through a running server. For the command there is no difference.
import { isIndelibleError } from 'indelible'
import {
  type AuditPage,
  type AuditPageOptions,
  auditPage,
  type Causation,
  causationOf,
  textOfPoint,
} from 'indelible/history'
import { operations } from 'indelible/operations'
import { askServer } from '../http/index.ts'
import { type CommonOptions, openTree, type ServerToAsk } from '../options/index.ts'
import { type Session, untilInterrupted } from '../session.ts'

export interface AuditClient {
  page(options: AuditPageOptions): Promise<AuditPage>
  causation(correlationId: string): Promise<Causation>
  /** The last signed checkpoint, where the system keeps a Merkle tree. */
  checkpoint(): Promise<string | undefined>
  /** A URI that names the log. */
  source(): Promise<string>
  close(): Promise<void>
}

export async function openDirectAudit(options: CommonOptions, session: Session): Promise<AuditClient> {
  const { store, files } = await openTree(options, session)
  return {
    page: (options) => untilInterrupted(auditPage(store, options), session.signal),
    causation: (correlationId) => untilInterrupted(causationOf(store, correlationId), session.signal),
    async checkpoint() {
      const bytes = await files.read('checkpoint')
      return bytes && new TextDecoder().decode(bytes)
    },
    source: async () => `urn:indelible:log:${encodeURIComponent((await store.historyAt(0)) ?? '')}`,
    close: () => store.close(),
  }
}

export function auditByServer(server: ServerToAsk, session: Session): AuditClient {
  const ask = askServer(server, session)
  return {
    page: ({ from, to, ...options }) =>
      ask(operations.auditTrail, {
        ...options,
        from: from && textOfPoint(from),
        to: to && textOfPoint(to),
      }),
    causation: (correlationId) => ask(operations.causation, { correlationId }),
    async checkpoint() {
      try {
        return (await ask(operations.latestCheckpoint, {})).checkpoint
      } catch (error) {
        if (isIndelibleError(error, 'proofs_missing')) return undefined
        throw error
      }
    },
    source: async () => server.url.href,
    async close() {},
  }
}

// Whether the log is the one that was signed: for `indelible verify`.
import { IndelibleError, isIndelibleError } from 'indelible'
import {
  compareLog,
  lastCheckpoint,
  type Misfit,
  misfitText,
  openCheckpoint,
  readCheckpoint,
  type VerifierKey,
  verifierKey,
} from 'indelible/proofs'
import { type CommonOptions, checkpointFile, openLog, proofFilesOf } from '../options/index.ts'
import { type Session, untilInterrupted } from '../session.ts'

export interface CheckpointOptions extends CommonOptions {
  /** A checkpoint that was kept elsewhere. */
  readonly checkpoint?: string
  /** Public keys as text. */
  readonly key?: readonly string[]
}

/** A checkpoint that the log was compared with. */
export interface SignedLog {
  readonly origin: string
  /** The number of events that were signed. */
  readonly size: number
  /** The file of the checkpoint; null for the one beside the log. */
  readonly file: string | null
  /** The public keys whose signature was checked. */
  readonly signedBy: readonly string[]
  readonly misfit: Misfit | null
}

/** Compares the log with the checkpoint in a file, or with the last one beside the log. Nothing if there is neither. */
export async function compareWithCheckpoint(
  options: CheckpointOptions,
  session: Session,
): Promise<SignedLog | undefined> {
  const files = await proofFilesOf(options, session)
  const found = await noteOf(options, session, () => lastCheckpoint(files))
  if (!found) return undefined
  const { note, file } = found
  const keys = (options.key ?? []).map(verifierKey)
  const signed =
    keys.length === 0 ? { ...readCheckpoint(note), signedBy: [] as readonly VerifierKey[] } : openCheckpoint(note, keys)
  const store = await openLog(options, session)
  try {
    const misfit = await untilInterrupted(compareLog({ store, files, signed }), session.signal)
    const signedBy = signed.signedBy.map(({ text }) => text)
    return { origin: signed.origin, size: signed.size, file, signedBy, misfit: misfit ?? null }
  } finally {
    await store.close()
  }
}

/** Throws `tree_diverged` if the log is not the one that was signed. */
export function assertSigned({ misfit }: SignedLog): void {
  if (misfit) throw new IndelibleError('tree_diverged', misfitText(misfit), { details: { ...misfit } })
}

async function noteOf(
  { checkpoint, key }: CheckpointOptions,
  session: Session,
  last: () => Promise<string>,
): Promise<{ readonly note: string; readonly file: string | null } | undefined> {
  if (checkpoint !== undefined) return await checkpointFile(checkpoint, session)
  try {
    return { note: await last(), file: null }
  } catch (error) {
    if (isIndelibleError(error, 'proofs_missing') && key === undefined) return undefined
    throw error
  }
}

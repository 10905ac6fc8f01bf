// Adds the directory of the log to errors about damage, because a person who repairs the log needs to know it.
import { IndelibleError, isIndelibleError } from 'indelible'

/** Adds the directory to an error about damage, unless the error already has one. */
export function withDirectory(error: unknown, dir: string): unknown {
  if (!isIndelibleError(error, 'log_corrupt') && !isIndelibleError(error, 'index_damaged')) return error
  if (error.details.dir !== undefined) return error
  const details = { dir, ...error.details }
  return new IndelibleError(error.code, `In ${dir}: ${error.message}`, { details, cause: error })
}

// Whoever has to mend a log needs to know which one was looked at.
import { IndelibleError, isIndelibleError } from 'indelible'

/** Says of damage in which directory it is, unless it says so itself. */
export function withDirectory(error: unknown, dir: string): unknown {
  if (!isIndelibleError(error, 'log_corrupt') && !isIndelibleError(error, 'index_damaged')) return error
  if (error.details.dir !== undefined) return error
  const details = { dir, ...error.details }
  return new IndelibleError(error.code, `In ${dir}: ${error.message}`, { details, cause: error })
}

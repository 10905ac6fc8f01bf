// Turns errors of the operating system into ours.
import { IndelibleError } from '../../kernel/errors.ts'

export function fault(cause: NodeJS.ErrnoException, path: string): IndelibleError {
  const full = cause.code === 'ENOSPC' || cause.code === 'EDQUOT'
  const problem = full ? 'There is no space left' : `The operating system refused (${cause.code ?? cause.message})`
  return new IndelibleError(full ? 'store_full' : 'io_failed', `${problem}: ${path}`, { details: { path }, cause })
}

/** Whether something failed because this process, or the machine, may open no more files. That says nothing about the file, and it passes. */
export function isOutOfFiles(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as { code?: unknown }
  return code === 'EMFILE' || code === 'ENFILE'
}

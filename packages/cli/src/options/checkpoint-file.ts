// A checkpoint that somebody kept in a file.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CliError, fileProblem } from '../errors/index.ts'

/** The signed note in a file, and the full name of that. */
export async function checkpointFile(
  given: string,
  { cwd }: { readonly cwd: string },
): Promise<{ readonly note: string; readonly file: string }> {
  const file = resolve(cwd, given)
  try {
    return { note: await readFile(file, 'utf8'), file }
  } catch (cause) {
    throw new CliError('usage', `The checkpoint ${file} cannot be read: ${fileProblem(cause)}.`, { cause })
  }
}

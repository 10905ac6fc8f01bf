// What the operating system says of a file, in words.

const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  EISDIR: 'it is a directory, and a file is needed',
  ENOTDIR: 'a part of its path is a file, and no directory',
  EACCES: 'there is no permission for it',
  EPERM: 'there is no permission for it',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'no space is left in the quota',
  EMFILE: 'the process has too many files open',
}

/** As after a colon: `it is a directory, and a file is needed (EISDIR)`. */
export function fileProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  const known = code === undefined ? undefined : words[code]
  return known === undefined ? message : `${known} (${code})`
}

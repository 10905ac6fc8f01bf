// One writer for each directory, by a lock that the operating system holds for the process. The lock is released when the process ends, however it ends, so
// there is never a stale lock to take over, and a pid that is reused means nothing. Node reaches such locks through its own SQLite.
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { IndelibleError } from '../../kernel/errors.ts'
import { isOutOfFiles } from './os-fault.ts'

// Never written and never removed. POSIX drops a process's lock when that process closes the file, so nothing else may open it.
const lockName = 'writer.lock'
// Names the holder for people. It is also the second line of defence: a program that copies its own open store drops the lock.
const holderName = 'writer.pid'
const sqliteBusy = 5

/** Implements `Disk.lock`. */
export async function lockDirectory(dir: string): Promise<() => Promise<void>> {
  const lock = takeLock(dir)
  try {
    const fileId = lockFileId(dir)
    const known = readHolder(dir)
    if (known?.fileId === fileId && startOf(known.pid) === known.start) throw locked(dir)
    const holder = `${process.pid} ${startOf(process.pid) ?? '-'} ${fileId}\n`
    // A full disk must not keep a log from being opened and read.
    ignoreFault(() => writeFileSync(join(dir, holderName), holder))
  } catch (error) {
    lock.close()
    throw error
  }
  return async () => {
    ignoreFault(() => rmSync(join(dir, holderName), { force: true }))
    lock.close()
  }
}

function takeLock(dir: string): DatabaseSync {
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(join(dir, lockName))
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (cause) {
    lock?.close()
    if ((cause as { errcode?: number }).errcode === sqliteBusy) throw locked(dir)
    throw notTaken(dir, cause)
  }
}

function notTaken(dir: string, cause: unknown): IndelibleError {
  return new IndelibleError('io_failed', `The lock ${join(dir, lockName)} cannot be taken.`, { cause })
}

function locked(dir: string): IndelibleError {
  const pid = ignoreFault(() => readHolder(dir))?.pid
  const who = pid === undefined ? 'Another process' : pid === process.pid ? 'This process' : `Process ${pid}`
  return new IndelibleError(
    'store_locked',
    `${who} has the log in ${dir} open for writing. Close it there, or open it here with access: 'read'.`,
    { details: { dir, pid } },
  )
}

interface Holder {
  readonly pid: number
  /** When it started, in ticks since the machine did. */
  readonly start: string
  /** The inode of the lock file that it holds. A copy of the directory is another log, without a holder. */
  readonly fileId: string
}

function readHolder(dir: string): Holder | undefined {
  const text = readText(join(dir, holderName))
  const [, pid, start, fileId] = /^(\d+) (\S+) (\S+)\n$/.exec(text ?? '') ?? []
  return pid === undefined ? undefined : { pid: Number(pid), start: start!, fileId: fileId! }
}

function lockFileId(dir: string): string {
  try {
    return String(statSync(join(dir, lockName)).ino)
  } catch (cause) {
    throw notTaken(dir, cause)
  }
}

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)). Undefined when there is no such process, or no /proc. */
function startOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  return state === undefined || state === 'Z' || state === 'X' ? undefined : fields[18]
}

function ignoreFault<Value>(run: () => Value): Value | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

/** Undefined when there is nothing to read. Throws when this process may open no more files, because then the answer is unknown. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const problem = new IndelibleError('io_failed', `Who holds the lock cannot be looked up in ${path}.`, { cause })
    if (isOutOfFiles(problem)) throw problem
    return undefined
  }
}

/** The process that has the log of a directory open for writing, as far as this machine can tell. Takes no lock, and writes nothing. */
export function writerOf(dir: string): number | undefined {
  const known = ignoreFault(() => readHolder(dir))
  const isThere = known !== undefined && startOf(known.pid) === known.start
  return isThere && ignoreFault(() => lockFileId(dir)) === known.fileId ? known.pid : undefined
}

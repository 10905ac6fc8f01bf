// The data directory: who may read it, how much room there is, on what, and how fast it makes writes durable.
import * as fs from 'node:fs'
import { existsSync } from 'node:fs'
import { access, constants, readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { formatBytes, formatMicroseconds, formatNumber } from '../output/index.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'

const freeBytesMin = 256 * 1024 ** 2
const freeShareMin = 0.1
const syncs = 200
const syncMsMax = 3_000
const syncBytes = 4_096
/** What a preallocated place in the log is: a write there changes no metadata. */
const reservedBytes = 1024 * 1024
/** No disk that survives a power cut is faster. */
const honestMicroseconds = 15
const slowMicroseconds = 50_000

export async function permissions(dataDir: string): Promise<readonly Finding[]> {
  if (!existsSync(dataDir)) {
    const parent = existing(dataDir)
    const isWritable = await access(parent, constants.W_OK).then(
      () => true,
      () => false,
    )
    if (isWritable) return [ok('directory', `${dataDir} does not exist yet, and can be made`)]
    return [
      fail(
        'directory',
        `${dataDir} cannot be made: ${parent} is not writable`,
        `Make it, and give it to the user of the service: install -d -m 750 -o USER ${dataDir}`,
      ),
    ]
  }
  const { mode, uid } = await stat(dataDir)
  const own = process.getuid?.()
  const rights = `mode ${(mode & 0o777).toString(8)}, owner ${uid}`
  return [await ownership(), ...(await keys(dataDir))]

  async function ownership(): Promise<Finding> {
    if (own !== undefined && own !== uid && own !== 0)
      return fail(
        'directory',
        `${dataDir} belongs to another user (${rights}; this is ${own})`,
        'Run as its owner, or give the directory to the user of the service.',
      )
    if (own === 0 && uid !== 0)
      return warn(
        'directory',
        `${dataDir} belongs to user ${uid}, and this is root`,
        `Run the service and this as its owner: files of root could not be written by it.`,
      )
    const strange = await strangeOwner(dataDir, uid)
    if (strange !== undefined)
      return fail(
        'directory',
        `${strange} has another owner than ${dataDir}`,
        `Give all to one user: chown -R ${uid} ${dataDir}`,
      )
    if ((mode & 0o007) !== 0)
      return warn(
        'directory',
        `${dataDir} can be read by every user of this machine (${rights})`,
        `chmod 750 ${dataDir}`,
      )
    return ok('directory', `${dataDir} (${rights})`)
  }
}

async function strangeOwner(dataDir: string, uid: number): Promise<string | undefined> {
  for (const name of ['.', 'log', 'snapshots', 'consumers', 'proofs'].map((each) => join(dataDir, each))) {
    const names = await readdir(name).catch(() => [])
    for (const path of names.slice(-20).map((each) => join(name, each))) {
      const its = await stat(path).catch(() => undefined)
      if (its && its.uid !== uid) return path
    }
  }
  return undefined
}

async function keys(dataDir: string): Promise<readonly Finding[]> {
  const file = join(dataDir, 'keys', 'tree.keys')
  const its = await stat(file).catch(() => undefined)
  if (!its) return []
  if ((its.mode & 0o077) === 0) return [ok('keys', 'the private keys of the tree are readable by their owner only')]
  return [
    fail('keys', `${file} can be read by others`, `chmod 600 ${file}, and make a new key: POST /proofs/rotate-key`),
  ]
}

export async function space(dataDir: string): Promise<Finding> {
  const { bavail, blocks, bsize } = await statfs(existing(dataDir))
  const [free, all] = [bavail * bsize, blocks * bsize]
  const said = `${formatBytes(free)} of ${formatBytes(all)} are free`
  if (free < freeBytesMin) return fail('space', said, 'Make room: without it nothing can be written.')
  if (free < all * freeShareMin) return warn('space', said, 'Make room, or a larger disk.')
  return ok('space', said)
}

/** Types of statfs(2). */
const fileSystems: Readonly<Record<number, readonly [name: string, problem?: string]>> = {
  61267: ['ext4'],
  1481003842: ['xfs'],
  2435016766: ['btrfs'],
  801189825: ['zfs'],
  4076150800: ['f2fs'],
  2035054128: ['overlay', 'It is the layer of a container, and gone with it. Mount a volume.'],
  16914836: ['tmpfs', 'It is memory, and gone when the machine stops. Use a disk.'],
  2240043254: ['ramfs', 'It is memory, and gone when the machine stops. Use a disk.'],
  26985: ['nfs', 'Locks and fsync of network file systems do not promise what the log needs. Use a local disk.'],
  4266872130: ['smb', 'Locks and fsync of network file systems do not promise what the log needs. Use a local disk.'],
  4283649346: ['cifs', 'Locks and fsync of network file systems do not promise what the log needs. Use a local disk.'],
  16914839: ['9p', 'Locks and fsync of shared folders do not promise what the log needs. Use a local disk.'],
  1702057286: ['fuse', 'Whether fsync reaches a disk depends on the program behind it. Use a local disk.'],
}

export async function fileSystem(dataDir: string): Promise<Finding> {
  if (process.platform !== 'linux') return skip('file system', 'its kind is only known on Linux')
  const { type } = await statfs(existing(dataDir))
  const [name, problem] = fileSystems[type] ?? [`0x${type.toString(16)}`]
  return problem === undefined ? ok('file system', name) : warn('file system', name, problem)
}

/** Writes as the log does: one write into reserved bytes, durable when it returns. In a file of its own, which is removed. */
export async function syncSpeed(dataDir: string): Promise<Finding> {
  const dir = existing(dataDir)
  const file = join(dir, `.indelible-doctor-${process.pid}`)
  const { O_RDWR, O_CREAT, O_EXCL, O_DSYNC = 0 } = fs.constants
  let fd: number
  try {
    fd = fs.openSync(file, O_RDWR | O_CREAT | O_EXCL | O_DSYNC, 0o600)
  } catch (error) {
    return skip('durable writes', `nothing can be written to ${dir} by this user: ${(error as Error).message}`)
  }
  const micros: number[] = []
  try {
    fs.writeSync(fd, Buffer.alloc(reservedBytes))
    const bytes = Buffer.alloc(syncBytes, 1)
    const from = performance.now()
    for (let count = 0; count < syncs && performance.now() - from < syncMsMax; count++) {
      const before = performance.now()
      fs.writeSync(fd, bytes, 0, syncBytes, (count * syncBytes) % reservedBytes)
      if (O_DSYNC === 0) fs.fdatasyncSync(fd)
      micros.push(Math.round((performance.now() - before) * 1000))
    }
  } finally {
    fs.closeSync(fd)
    fs.rmSync(file, { force: true })
  }
  micros.sort((one, other) => one - other)
  const at = (share: number) => micros[Math.min(micros.length - 1, Math.floor(micros.length * share))]!
  const [p50, p99] = [at(0.5), at(0.99)]
  const each = formatNumber(Math.floor(1_000_000 / Math.max(1, p50)))
  const said = `50% within ${formatMicroseconds(p50)}, 99% within ${formatMicroseconds(p99)}: about ${each} commands a second one after the other, many times that when they come together`
  if (p50 < honestMicroseconds)
    return warn(
      'durable writes',
      said,
      'No disk is that fast. Writes are probably not durable when they seem so: use another disk, or switch its volatile cache off.',
    )
  if (p99 > slowMicroseconds)
    return warn('durable writes', said, 'Use a disk of its own, or a faster one: every command waits for it.')
  return ok('durable writes', said)
}

/** The directory itself, or the nearest one above it that exists. */
export function existing(dir: string): string {
  return existsSync(dir) || dirname(dir) === dir ? dir : existing(dirname(dir))
}

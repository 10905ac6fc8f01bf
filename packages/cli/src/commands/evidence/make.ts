// `indelible evidence STREAM --out FILE`: writes a bundle, and checks it before it gets its name.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { StreamName } from 'indelible'
import { readCheckpoint } from 'indelible/proofs'
import { CliError } from '../../errors/index.ts'
import { type BundleReport, type EvidenceOptions, openSource, verifyBundle, writeBundle } from '../../evidence/index.ts'
import { serverOf } from '../../options/index.ts'
import {
  formatBytes,
  formatCount,
  formatNumber,
  formatSeconds,
  jsonLine,
  type Output,
  phaseBar,
} from '../../output/index.ts'
import { interruptedError, type Session } from '../../session.ts'
import { assertRight } from './verify.ts'

export type MakeOptions = EvidenceOptions & { readonly out?: string }

export async function make(stream: StreamName | undefined, options: MakeOptions, session: Session): Promise<void> {
  if (stream === undefined || options.out === undefined)
    throw new CliError('usage', 'Give the name of a stream and --out FILE.zip, or: evidence verify FILE.zip.')
  serverOf(options)
  const file = resolve(session.cwd, options.out)
  if (existsSync(file)) throw new CliError('usage', `${file} exists already. Give another name to --out.`)
  const startMs = performance.now()
  const report = await written(stream, { ...options, file }, session)
  const made = { file, ...report, bytes: (await stat(file)).size, sha256: await sumOf(file) }
  const ms = Math.round(performance.now() - startMs)
  const { findings: _none, otherProgram: _own, ...shown } = made
  await session.out.write(options.json ? `${jsonLine({ ...shown, ms })}\n` : text(made, { ms, out: session.out }))
}

/** Nothing is left of a bundle that is not right. */
async function written(
  stream: StreamName,
  options: EvidenceOptions & { readonly file: string },
  session: Session,
): Promise<BundleReport> {
  const { signal, errors } = session
  const unfinished = `${options.file}.new`
  const bar = phaseBar(errors)
  await rm(unfinished, { force: true })
  try {
    const source = await openSource(stream, options, session)
    try {
      const { size } = readCheckpoint(source.note)
      const onProgress = (position: number) => bar.update('Proving', position, size)
      await writeBundle({ source, stream, file: unfinished, nowMs: Date.now(), onProgress, signal })
    } finally {
      await source.close()
    }
    const onProgress = () => bar.update('Checking', 0, undefined)
    const report = await verifyBundle({ file: unfinished, keys: [], onProgress, signal })
    assertRight(report)
    await rename(unfinished, options.file)
    return report
  } catch (error) {
    throw signal.aborted ? interruptedError() : error
  } finally {
    bar.clear()
    await rm(unfinished, { force: true })
  }
}

async function sumOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(file)) hash.update(part)
  return hash.digest('hex')
}

interface Made extends BundleReport {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

function text(made: Made, { ms, out }: { readonly ms: number; readonly out: Output }): string {
  const { file, stream, events, log, size, bytes, sha256, signedBy } = made
  return [
    `${out.paint('green', 'The bundle is written and was checked.')} It has the history of ${stream}.`,
    '',
    `  ${file}`,
    `  ${formatCount(events, 'event')}, each proved to be in ${log} of ${formatNumber(size!)} events`,
    `  ${formatBytes(bytes)}, in ${formatSeconds(ms)}; SHA-256 ${sha256}`,
    ...signedBy.map((key) => `  signed by ${key}`),
    '',
  ].join('\n')
}

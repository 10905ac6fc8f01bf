// `indelible evidence verify FILE`: checks a bundle offline, and says what exactly is wrong.
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { verifierKey } from 'indelible/proofs'
import { CliError } from '../../errors/index.ts'
import { type BundleReport, verifyBundle } from '../../evidence/index.ts'
import { addCommand } from '../../help.ts'
import { addCommonOptions, type CommonOptions, several } from '../../options/index.ts'
import { escapeControls, formatCount, formatNumber, jsonLine, type Output, progressBar } from '../../output/index.ts'
import { interruptedError, type Session } from '../../session.ts'

interface Options extends CommonOptions {
  readonly key?: readonly string[]
}

export function addVerify(group: Command, session: Session): void {
  const command = addCommand(group, 'verify', {
    summary: 'check a bundle offline',
    about:
      'Check every file, event, proof and signature of a bundle. It needs no log, no config and no network. ' +
      'With --key, that public key must have signed: get it in another way than the bundle. It ends with 6 and says what is wrong, or with 4 if the file is no bundle.',
    examples: [
      ['indelible evidence verify 576.zip --key bank.example/log+1a2b3c4d+AT8…', 'with the key of the log'],
      ['indelible evidence verify 576.zip', 'with the keys that come with the bundle'],
      ['indelible evidence verify 576.zip --json | jq .findings', 'what is wrong, for a program'],
    ],
  })
    .argument('<file>', 'the zip file')
    .option('--key <key>', 'a public key that must have signed; repeat it for several keys, also of witnesses', several)
  addCommonOptions(command).action((file: string) => verify(file, command.optsWithGlobals(), session))
}

async function verify(given: string, options: Options, session: Session): Promise<void> {
  const { out, errors, signal } = session
  const file = resolve(session.cwd, given)
  const keys = (options.key ?? []).map(verifierKey)
  const bar = progressBar(errors, 'Checking')
  let report: BundleReport
  try {
    report = await verifyBundle({ file, keys, onProgress: bar.update, signal })
  } catch (error) {
    throw signal.aborted ? interruptedError() : error
  } finally {
    bar.clear()
  }
  const isTrusted = keys.length > 0
  await out.write(options.json ? `${jsonLine({ file, ...report })}\n` : text(report, { out, isTrusted }))
  assertRight(report)
}

/** Throws `evidence_invalid` if anything is wrong. */
export function assertRight({ findings }: BundleReport): void {
  const [first, ...others] = findings
  if (!first) return
  const more =
    others.length === 0 ? '' : ` So ${others.length === 1 ? 'is' : 'are'} ${formatCount(others.length, 'other thing')}.`
  throw new CliError('evidence_invalid', `The bundle is not right. ${first.message}${more}`, { details: { findings } })
}

function text(report: BundleReport, { out, isTrusted }: { readonly out: Output; readonly isTrusted: boolean }): string {
  const { findings, stream, log, size, events, signedBy, otherProgram } = report
  if (findings.length > 0) {
    const lines = findings.map(({ file, message }) => `  ${out.paint('yellow', file)}  ${escapeControls(message)}`)
    return [out.paint('red', 'The bundle is not right.'), '', ...lines, ''].join('\n')
  }
  return [
    `${out.paint('green', 'The evidence is right.')} Every file, event, proof and signature was checked.`,
    '',
    `  the history of ${escapeControls(stream!)}: the versions 1 to ${formatNumber(events)}, none missing`,
    `  in the log ${escapeControls(log!)} as it was with ${formatCount(size!, 'event')}`,
    ...signedBy.map((key) => `  signed by ${escapeControls(key)}`),
    ...(isTrusted ? [] : ['  the keys came with the bundle: compare them, or give --key with one from elsewhere']),
    ...(otherProgram === null
      ? []
      : [`  page and texts were not compared: ${escapeControls(otherProgram)} wrote them, not this version`]),
    `  not proved: that ${escapeControls(stream!)} has no later event`,
    '',
  ].join('\n')
}

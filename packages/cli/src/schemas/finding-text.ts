// Findings of `schema check`, for people.
import { type ContractFinding, isRefusing, type ReplayedEvents, type TypeReplayed } from 'indelible/schema'
import { escapeControls, formatCount, formatNumber, type Output } from '../output/index.ts'

/** A line with what is wrong and where, one with what to do, and one with why it was accepted. */
export function findingText(finding: ContractFinding, out: Output): string {
  const { type, version, path, direction, severity, message, advice, accepted } = finding
  const where = escapeControls(
    [type, ...(version === null ? [] : [`version ${version}`]), ...(path === '' ? [] : [path])].join(', '),
  )
  const kind = accepted === null ? severity : `accepted (${severity})`
  const head = out.paint(isRefusing(finding) ? 'bold' : 'dim', `${kind}, ${direction}: ${where} [${finding.rule}]`)
  return `${head}\n  ${escapeControls(message)}\n  ${accepted === null ? `To do: ${advice}` : `Accepted: ${escapeControls(accepted)}`}\n`
}

export function totalsText(
  findings: readonly ContractFinding[],
  { mode, compared }: { mode: string; compared: string },
): string {
  const refusing = findings.filter(isRefusing).length
  const accepted = findings.filter((each) => each.accepted !== null).length
  const warnings = findings.length - refusing - accepted
  const parts = [
    formatCount(refusing, 'problem'),
    formatCount(warnings, 'warning'),
    `${formatNumber(accepted)} accepted`,
  ]
  return `Compared with ${compared}, ${mode}: ${parts.join(', ')}.\n`
}

export function replayedText({ events, failures, types }: ReplayedEvents, out: Output): string {
  const lines = types.filter((each) => each.failures > 0 || !each.isDeclared).flatMap((each) => typeLines(each, out))
  return `${lines.map((line) => `${line}\n`).join('')}Replayed ${formatCount(events, 'event')}: ${formatCount(failures, 'failure')}.\n`
}

function typeLines(replayed: TypeReplayed, out: Output): readonly string[] {
  const { isDeclared, events, failures, first } = replayed
  const type = escapeControls(replayed.type)
  if (!isDeclared)
    return [
      out.paint('bold', `unknown: ${type}`),
      `  The code does not declare it. The log has ${formatCount(events, 'event')} of it.`,
    ]
  const more = failures > first.length ? [`  … and ${formatNumber(failures - first.length)} more`] : []
  const told = first.map(
    ({ position, stream, version, message }) =>
      `  position ${position}, ${stream}, version ${version}: ${escapeControls(message)}`,
  )
  return [
    out.paint('bold', `does not fit: ${type}, ${formatNumber(failures)} of ${formatCount(events, 'event')}`),
    ...told,
    ...more,
  ]
}

// Entries of the audit trail as a story for people: when, how it ended, what, by whom, and why.
import type { AuditEntry, AuditOutcome, Causation } from 'indelible/history'
import { ago, escapeControls, formatCount, jsonLine, type Output, truncate } from '../output/index.ts'

const styles: Readonly<Record<AuditOutcome, Parameters<Output['paint']>[0]>> = {
  accepted: 'green',
  refused: 'red',
  conflict: 'yellow',
  appended: 'magenta',
  operator: 'cyan',
  read: 'dim',
  denied: 'red',
  gap: 'inverse',
}
const widest = 8

export function entryText(entry: AuditEntry, { out, nowMs }: { out: Output; nowMs: number }): string {
  const { at, outcome, action, stream, version, actor } = entry
  const when = out.paint('dim', `${at} (${ago(at, nowMs)})`)
  const how = out.paint(styles[outcome], outcome.padEnd(widest))
  if (outcome === 'gap') return `${when}  ${how}  ${gapText(entry.details as Gap)}\n`
  const place = stream === undefined ? '' : ` ${stream}${version === undefined ? '' : `@${version}`}`
  const who = actor === undefined ? '' : `  by ${actor}`
  const what = `${out.paint('bold', escapeControls(action))}${escapeControls(`${place}${who}`)}`
  const lines = [why(entry, out), ids(entry)].filter((line) => line !== '')
  return [`${when}  ${how}  ${what}`, ...lines.map((line) => `  ${line}`), ''].join('\n')
}

/** What one request set in motion: each entry under what led to it. */
export function treeText({ entries, isComplete }: Causation, told: { out: Output; nowMs: number }): string {
  const texts = entries.map(({ entry, depth }) => {
    const indent = '    '.repeat(depth)
    const lines = entryText(entry, told).trimEnd().split('\n')
    return lines
      .map((line, at) => `${indent}${depth > 0 && at === 0 ? '└─ ' : depth > 0 ? '   ' : ''}${line}\n`)
      .join('')
  })
  return `${texts.join('\n')}${isComplete ? '' : '\nThere is more than was examined. Ask for pages: leave --tree out.\n'}`
}

function why({ outcome, code, details, input, reason }: AuditEntry, out: Output): string {
  const shown = outcome === 'read' ? input : details
  const parts = [
    code === undefined ? '' : out.paint('red', escapeControls(code)),
    shown === undefined ? '' : truncate(jsonLine(shown), out.isTerminal ? cellsMax : Number.POSITIVE_INFINITY),
    reason === undefined ? '' : out.paint('italic', `“${escapeControls(reason)}”`),
  ]
  return parts.filter((part) => part !== '').join('  ')
}

/** Only what says more than the command id alone. */
function ids({ position, commandId, causationId, correlationId }: AuditEntry): string {
  const cause = causationId === undefined || causationId === commandId ? '' : `, caused by ${causationId}`
  const request = correlationId === undefined || correlationId === commandId ? '' : `, request ${correlationId}`
  const command = commandId === undefined ? '' : `, command ${commandId}`
  return escapeControls(`position ${position}${command}${cause}${request}`)
}

interface Gap {
  readonly since: string
  readonly sampledOut: number
  readonly overflowed: number
  readonly failed: number
}

function gapText({ since, sampledOut, overflowed, failed }: Gap): string {
  const reasons = [
    [sampledOut, 'left out by the sampling'],
    [overflowed, 'more than fitted into the queue'],
    [failed, 'could not be written'],
  ] as const
  const parts = reasons.filter(([count]) => count > 0).map(([count, text]) => `${count} ${text}`)
  return `${formatCount(sampledOut + overflowed + failed, 'record')} missing since ${since}: ${parts.join(', ')}`
}

const cellsMax = 100

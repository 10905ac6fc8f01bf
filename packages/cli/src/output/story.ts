// Changes as a story for people: when, what became of what, who did it and why.
import { inspect } from 'node:util'
import type { Cause, Change, DecisionOutcome, RowsDiff } from 'indelible/history'
import type { Output } from './output.ts'
import { escapeControls, formatCount, jsonLine, truncate } from './text.ts'

/** A change on one line, from red to green. */
export function changeText(out: Output, { field, before, after }: Change): string {
  const name = out.paint('bold', escapeControls(field === '' ? 'everything' : field))
  const [was, is] = [oneLine(out, before), oneLine(out, after)]
  if (before === undefined) return `${name}  ${out.paint('green', `+ ${is}`)}`
  if (after === undefined) return `${name}  ${out.paint('red', `- ${was}`)}`
  return `${name}  ${out.paint('red', was)} → ${out.paint('green', is)}`
}

/** Who and what, in two lines at most. */
export function causeText(out: Output, cause: Cause, nowMs: number): string {
  const { event, stream, version, position, recordedAt, validAt, isLate, actor, command, reason } = cause
  const who = actor === undefined ? '' : `  by ${escapeControls(String(actor))}`
  const how = command === undefined ? '' : ` (${escapeControls(command)})`
  const valid = validAt === undefined ? '' : `, true from ${validAt}`
  const late = isLate ? `  ${out.paint('yellow', 'late correction')}` : ''
  const when = out.paint('dim', `${recordedAt} (${ago(recordedAt, nowMs)})${valid}`)
  const what = `${out.paint('cyan', escapeControls(event))}${how} ${escapeControls(`${stream}@${version}`)}, position ${position}`
  return `${when}${late}\n  ${what}${who}${reason === undefined ? '' : `\n  ${out.paint('italic', `“${escapeControls(reason)}”`)}`}`
}

/** What a decision came to. */
export function outcomeText(outcome: DecisionOutcome): string {
  if (outcome.status === 'failed') return `failed: ${outcome.message}`
  if (outcome.status === 'refused') return `refused: ${outcome.reason} ${valueText(outcome.details)}`
  if (outcome.events.length === 0) return 'no events'
  return outcome.events.map(({ type, data }) => `${type} ${valueText(data)}`).join(', ')
}

/** A whole value, on one line. */
export function valueText(value: unknown): string {
  return inspect(value, { depth: null, breakLength: Number.POSITIVE_INFINITY, maxStringLength: null })
}

/** The rows that differ: how many, then each. */
export function rowsText({ added, removed, changed }: RowsDiff, out: Output): string {
  const lines = [
    ...added.map((row) => out.paint('green', `+ ${jsonLine(row)}`)),
    ...removed.map((row) => out.paint('red', `- ${jsonLine(row)}`)),
    ...changed.map(
      ({ key, changes }) =>
        `${out.paint('cyan', jsonLine(key))}\n${changes.map((each) => `  ${changeText(out, each)}`).join('\n')}`,
    ),
  ]
  const counts = `${formatCount(added.length, 'row')} added, ${removed.length} removed, ${changed.length} changed.`
  return `${[counts, ...lines].join('\n')}\n`
}

/** `3 days ago`: a time beside now. */
export function ago(time: string, nowMs: number): string {
  const seconds = (Date.parse(time) - nowMs) / 1_000
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1]
  return relative.format(Math.trunc(seconds / size), unit)
}

function oneLine(out: Output, value: unknown): string {
  return value === undefined ? '' : truncate(jsonLine(value), out.isTerminal ? valueCellsMax : Number.POSITIVE_INFINITY)
}

const valueCellsMax = 60
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' })
const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

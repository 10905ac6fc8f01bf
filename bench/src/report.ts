// How rows are printed: a line of JSON each for programs, or an aligned table for people.
import { availableParallelism } from 'node:os'
import type { Row } from './case.ts'
import { readable } from './rounds.ts'

export function jsonLine(row: Row): string {
  const { limit, ours, peers } = row
  return `${JSON.stringify({
    case: row.case,
    configuration: row.configuration,
    unit: row.unit,
    ours: rounded(ours),
    limit: limit === null ? null : rounded(limit),
    peers: Object.fromEntries(Object.entries(peers).map(([name, figure]) => [name, rounded(figure)])),
    ratioToLimit: ratio(row),
    targets: row.targets,
    // A row exists only if its checks held.
    checked: true,
    conditions: { ...row.conditions, node: process.versions.node, cpus: availableParallelism() },
  })}\n`
}

/** The rows of one case. */
export function table(rows: readonly Row[]): string {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))]
  const header = ['case', 'configuration', 'unit', 'ours', 'limit', 'ours/limit', ...peers, 'target']
  const lines = rows.map((row) => [
    row.case,
    row.configuration,
    row.unit,
    readable(row.ours),
    row.limit === null ? '-' : readable(row.limit),
    ratio(row)?.toFixed(2) ?? '-',
    ...peers.map((name) => (name in row.peers ? readable(row.peers[name]!) : '-')),
    row.targets.map(({ text, reached }) => `${text}: ${reached ? 'reached' : 'MISSED'}`).join('; ') || '-',
  ])
  const widths = header.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]!.length)))
  return [header, ...lines].map((line) => `${aligned(line, widths).trimEnd()}\n`).join('')
}

/** Words are aligned to the left, figures to the right. */
function aligned(line: readonly string[], widths: readonly number[]): string {
  const isFigure = (column: number) => column >= 3 && column < line.length - 1
  return line
    .map((text, column) => (isFigure(column) ? text.padStart(widths[column]!) : text.padEnd(widths[column]!)))
    .join('  ')
}

function ratio({ ours, limit }: Row): number | null {
  return limit === null ? null : Number((ours / limit).toPrecision(3))
}

function rounded(figure: number): number {
  return Math.abs(figure) >= 100 ? Math.round(figure) : Number(figure.toPrecision(3))
}

// A fault matrix as a table of plain text.
import type { FaultCell, FaultMatrix } from './fault-matrix.ts'
import { faults } from './faults.ts'

const words = { completed: 'done', compensated: 'undone', resumed: 'resumed' } as const

/** The table, what its words mean, and the problems of all red cells. */
export function formatFaultMatrix({ saga, cells, problems }: FaultMatrix): string {
  const rows = [...new Set(cells.map(({ step }) => step))].map((step) => {
    const own = cells.filter((cell) => cell.step === step)
    return [step, own[0]!.kind, ...faults.map((fault) => shown(own.find((cell) => cell.fault === fault)!))]
  })
  const table = [[saga, '', ...faults], ...rows]
  const widths = table[0]!.map((_title, column) => Math.max(...table.map((row) => row[column]!.length)))
  const lines = table.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
  const [title, ...rest] = lines
  const tried = cells.filter(({ runs }) => runs > 0)
  const runs = tried.reduce((sum, each) => sum + each.runs, 0)
  const red = tried.filter(({ verdict }) => verdict === 'red').length
  return [
    title,
    '-'.repeat(Math.max(...lines.map(({ length }) => length))),
    ...rest,
    '',
    `${tried.length} cells, ${runs} runs: ${red === 0 ? 'all green' : `${red} red`}.`,
    'done: completed; undone: compensated; resumed: compensated after a person helped; –: cannot happen there; ?: not reached by this scenario.',
    ...problems.map((problem) => `FAIL ${problem}`),
  ].join('\n')
}

function shown({ verdict, ends }: FaultCell): string {
  if (verdict === 'red') return 'FAIL'
  if (verdict === 'green') return ends.map((end) => words[end]).join(', ')
  return { impossible: '–', 'not reached': '?', 'left out': '' }[verdict]
}

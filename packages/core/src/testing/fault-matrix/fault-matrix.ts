// The fault matrix of a saga: every node with every fault that can happen there, each run to its end in a system of its own.
import { IndelibleError } from '../../kernel/errors.ts'
import type { FlowNode } from '../../kernel/processes/index.ts'
import { type Fault, faults, tamperingsOf } from './faults.ts'
import { type MatrixRow, type Place, placesOf, rowsOf } from './places.ts'
import type { AnyFaultScenario, FaultScenario, ServiceConnections } from './scenario.ts'
import { Trial } from './trial.ts'
import { type TrialEnd, tried } from './verdict.ts'

export interface FaultMatrixOptions<Services extends ServiceConnections = ServiceConnections>
  extends FaultScenario<Services> {
  /** Only these cells: `{ step: 'deposit', fault: 'late reply' }`. */
  readonly only?: { readonly step?: string; readonly fault?: Fault }
}

export interface FaultMatrix {
  readonly saga: string
  /** By row, each with all its columns. */
  readonly cells: readonly FaultCell[]
  /** Of all red cells. Each says how to run its cell alone. */
  readonly problems: readonly string[]
}

export interface FaultCell {
  /** The path of the node as it is declared: `lines/reserve`. */
  readonly step: string
  readonly kind: FlowNode['kind']
  readonly fault: Fault
  /** `impossible`: the fault cannot happen there. `not reached`: the scenario does not lead to the node. `left out`: by `only`. */
  readonly verdict: 'green' | 'red' | 'impossible' | 'not reached' | 'left out'
  /** How often the fault happened: for each item, refusal and commit once. */
  readonly runs: number
  /** How the saga ended, each way once. */
  readonly ends: readonly TrialEnd[]
  readonly problems: readonly string[]
}

/**
 * Runs every node of a saga with every fault that can happen there, and looks each time whether it ended as it has to, nothing happened twice, nothing
 * was forgotten, and the invariant holds. Cells and runs follow from the declaration; nothing is drawn. Each run has a system of its own in memory, at a
 * virtual time, without reactions and subscriptions. Throws `invalid_declaration` where the saga does not complete without a fault.
 */
export async function faultMatrix<Services extends ServiceConnections>(
  options: FaultMatrixOptions<Services>,
): Promise<FaultMatrix> {
  const { system, saga, others = {}, only = {} } = options
  const rows = rowsOf(saga, system.sagas)
  const waits = rows.filter(({ node }) => node.kind === 'await' || node.kind === 'ask').map(({ path }) => path)
  for (const path of Object.keys(others)) {
    if (path.includes(':') || waits.includes(path)) continue
    throw invalid(`"others" has "${path}", but the saga waits for others at: ${waits.join(', ') || 'no node'}.`)
  }
  if (only.step !== undefined && !rows.some(({ path }) => path === only.step))
    throw invalid(`"only" has the step "${only.step}", but the saga has: ${rows.map(({ path }) => path).join(', ')}.`)
  const healthy = new Trial(options)
  const { problems } = await tried(options, healthy)
  if (problems.length > 0) throw invalid(`Without a fault the saga "${saga.name}" has problems: ${problems.join(' ')}`)
  const places = (await healthy.instances()).flatMap(placesOf)

  const cells: FaultCell[] = []
  for (const row of rows) {
    for (const fault of faults) {
      const isLeftOut = (only.step ?? row.path) !== row.path || (only.fault ?? fault) !== fault
      cells.push(isLeftOut ? empty(row, fault, 'left out') : await cellOf(options, { row, fault, places, healthy }))
    }
  }
  return { saga: saga.name, cells, problems: cells.flatMap((cell) => cell.problems) }
}

interface CellOptions {
  readonly row: MatrixRow
  readonly fault: Fault
  readonly places: readonly Place[]
  readonly healthy: Trial
}

async function cellOf(scenario: AnyFaultScenario, { row, fault, places, healthy }: CellOptions): Promise<FaultCell> {
  const here = places.filter(({ row: path }) => path === row.path)
  if (here.length === 0) return empty(row, fault, 'not reached')
  const problems: string[] = []
  const ends = new Set<TrialEnd>()
  let runs = 0
  for (const place of here) {
    for (const tampering of tamperingsOf(fault, place, healthy.commits)) {
      const trial = new Trial(scenario, tampering)
      const verdict = await tried(scenario, trial, tampering)
      if (!trial.hasHappened && verdict.problems.length === 0) continue
      runs++
      if (verdict.end) ends.add(verdict.end)
      const alone = `Alone: only: { step: '${row.path}', fault: '${fault}' }.`
      const told = verdict.problems.join(' ')
      if (told) problems.push(`${place.step}, ${fault}: ${tampering.how}. ${told} ${alone}`)
    }
  }
  if (runs === 0) return empty(row, fault, 'impossible')
  const verdict = problems.length === 0 ? 'green' : 'red'
  return { step: row.path, kind: row.node.kind, fault, verdict, runs, ends: [...ends], problems }
}

function empty({ path, node }: MatrixRow, fault: Fault, verdict: FaultCell['verdict']): FaultCell {
  return { step: path, kind: node.kind, fault, verdict, runs: 0, ends: [], problems: [] }
}

function invalid(message: string): IndelibleError {
  return new IndelibleError('invalid_declaration', message)
}

// Builds the table of a projection anew beside the one that readers see, checks it, and puts it in its place in one step.
import { throwIfAborted } from '../../../kernel/abort.ts'
import { IndelibleError, isIndelibleError } from '../../../kernel/errors.ts'
import type { Position } from '../../../kernel/positions.ts'
import { nextTable } from '../../../kernel/tables.ts'
import { instant } from '../../../kernel/time.ts'
import { checkpointOf } from '../../../store/history.ts'
import type { Checkpoint } from '../../../store/port.ts'
import { leaseMs, replaceAgainMs, replaceFreelyMax, replaceTriesMax } from '../../limits.ts'
import { pause } from '../../waiting.ts'
import { ContentHash } from '../compare/index.ts'
import type { ProjectionContext } from '../context.ts'
import { divergenceOfTable } from '../divergence.ts'
import { FoldStopped, foldFromZero } from '../fold/index.ts'
import { follow } from '../follow/index.ts'
import { LeaseKeeper } from '../lease-keeper.ts'
import type { RebuildProgress } from '../status.ts'
import { heldBack } from './hold.ts'

export interface RebuildOptions {
  readonly progress?: ((progress: RebuildProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface RebuildReport {
  /** Rows and content of the table when it was checked, against a fold of its own. */
  readonly rows: number
  readonly contentHash: string
  /** Up to here it was checked. */
  readonly checkedPosition: Position
  /** Up to here it was when it took the other's place. */
  readonly position: Position
  readonly ms: number
}

/**
 * Resolves when the new table has taken the place of the live one, which is kept under `<name>__former`. Until then nobody sees anything of it, and
 * one that was interrupted is begun anew the next time.
 *
 * Throws {@link FoldStopped}, `projection_busy` while another process builds it, `table_mismatch` where what was written is not what was folded,
 * `aborted`, and what store and tables throw.
 */
export async function rebuildTable(context: ProjectionContext, options: RebuildOptions = {}): Promise<RebuildReport> {
  const { projection, tables, ids, clock } = context
  const { signal } = options
  const beganMs = performance.now()
  const startedAt = instant(clock.now())
  const progress = (phase: RebuildProgress['phase'], done: number, total: number) =>
    options.progress?.({ phase, done, total, startedAt })
  const next = nextTable(projection.table)
  const holder = ids()

  await tables.open(next)
  let keeper: LeaseKeeper | undefined
  try {
    await assertHeld(context, holder)
    keeper = new LeaseKeeper({ tables, name: next.name, holder, isOver: () => false })
    const stop = signal ? AbortSignal.any([signal, keeper.over]) : keeper.over
    // What an interrupted one left was never checked. Should this process sleep for longer than its lease, another one does the same with what is made
    // here, and from then on the generation is another.
    const generation = await emptied(context, holder)
    const upTo = await checkpointOf(context.store)
    const { position: to } = upTo
    const step = { generation, to, signal: stop, progress }
    await write(context, step, upTo)
    const checked = await check(context, step)
    const position = await replace(context, step)
    return { ...checked, checkedPosition: to, position, ms: performance.now() - beganMs }
  } catch (error) {
    if (signal?.aborted) throw new IndelibleError('aborted', `The rebuild of "${projection.name}" was given up.`)
    if (keeper?.over.aborted) throw busy(projection.name, 'another process')
    // Who was away for too long finds what another one makes.
    await assertHeld(context, holder).catch((lost) => {
      if (isIndelibleError(lost, 'projection_busy')) throw lost
    })
    throw error
  } finally {
    await keeper?.[Symbol.asyncDispose]()
    // Also where the answer to the first question was lost: nobody else knows this holder.
    await tables.release(next.name, holder).catch(() => {})
  }
}

/** Gives the generation of the empty table. */
async function emptied({ projection, tables }: ProjectionContext, holder: string): Promise<number> {
  const next = nextTable(projection.table)
  const { fingerprint, code, position, generation } = await tables.state(next)
  if (fingerprint === next.fingerprint && code === next.code && position === 0) return generation
  await tables.drop(next.name)
  const opened = await tables.open(next)
  await assertHeld({ projection, tables }, holder)
  return opened.generation
}

/** Takes or keeps the right to build the table. Throws `projection_busy`. */
async function assertHeld(
  { projection, tables }: Pick<ProjectionContext, 'projection' | 'tables'>,
  holder: string,
): Promise<void> {
  const lease = await tables.lease(nextTable(projection.table).name, { holder, ms: leaseMs })
  if (!lease.isHeld) throw busy(projection.name, lease.holder)
}

/** What a step of a rebuild needs to know. */
interface Step {
  /** Of the table that is being built. */
  readonly generation: number
  readonly to: Position
  readonly signal: AbortSignal
  readonly progress: (phase: RebuildProgress['phase'], done: number, total: number) => void
}

async function write(
  context: ProjectionContext,
  { generation, to, signal, progress }: Step,
  upTo: Checkpoint,
): Promise<void> {
  const { projection, tables } = context
  const fold = await foldFromZero(context, { to, signal, progress: (at) => progress('folding', at, to) })
  progress('writing', to, to)
  throwIfAborted(signal)
  const filled = await tables.fill(nextTable(projection.table), fold.rows(), upTo, { generation })
  if (filled === 'superseded') throw busy(projection.name, 'another process')
}

/** Compares what the database gives back with what another fold makes of the log. */
async function check(
  context: ProjectionContext,
  { generation, to, signal, progress }: Step,
): Promise<{ rows: number; contentHash: string }> {
  const { projection, tables } = context
  throwIfAborted(signal)
  const written = new ContentHash(projection.table)
  const scanned = await tables.scan(nextTable(projection.table), (rows) => {
    for (const row of rows) written.add(row)
  })
  if (scanned.generation !== generation) throw busy(projection.name, 'another process')
  const folded = new ContentHash(projection.table)
  const again = await foldFromZero(context, { to, signal, progress: (at) => progress('verifying', at, to) })
  for (const row of again.rows()) folded.add(row)
  if (written.rows === folded.rows && written.text === folded.text) {
    return { rows: written.rows, contentHash: written.text }
  }
  const details = { name: projection.name, written: written.rows, folded: folded.rows }
  throw new IndelibleError(
    'table_mismatch',
    `The new table of "${projection.name}" has ${written.rows} rows (${written.text.slice(0, 16)}…), a second fold of the log makes ${folded.rows} ` +
      `(${folded.text.slice(0, 16)}…). It was not put in place. A handler that depends on more than event and row does this.`,
    { details },
  )
}

/** Follows the log until the new table shows no less than the live one, and swaps them. */
async function replace(context: ProjectionContext, step: Step): Promise<Position> {
  const { tables } = context
  const { table } = context.projection
  let hold: AsyncDisposable | undefined
  try {
    for (let position = step.to, tries = 0; tries < replaceTriesMax; tries++) {
      if (tries >= replaceFreelyMax) {
        // Both follow the log, and the live one was faster each time.
        hold ??= await heldBack(tables, table.name, context.ids())
        await pause(replaceAgainMs, step.signal)
      }
      position = await caughtUp(context, { ...step, to: position })
      step.progress('replacing', position, position)
      // Nothing can be kept of what a diverged table shows, so that it is replaced though it shows more.
      await divergenceOfTable(context, { name: table.name, there: await tables.open(table) }, step.signal)
      throwIfAborted(step.signal)
      const replaced = await tables.replace(table, nextTable(table), { generation: step.generation })
      if (replaced === 'replaced') return position
      if (replaced === 'superseded') throw busy(table.name, 'another process')
    }
  } finally {
    await hold?.[Symbol.asyncDispose]()
  }
  throw new IndelibleError(
    'projection_busy',
    `The new table of "${table.name}" never came as far as the live one. Try again when less is appended.`,
  )
}

/** Brings the new table from the position where it is to the end of the log, and gives that. */
async function caughtUp(
  context: ProjectionContext,
  { generation, to: after, signal, progress }: Step,
): Promise<Position> {
  const { name, table } = context.projection
  const { position: to } = await context.store.head()
  if (to <= after) return after
  progress('catching up', after, to)
  const end = await follow(context, { table: nextTable(table), generation, after, to, signal })
  if (typeof end === 'object' && 'failure' in end) throw new FoldStopped(name, end.failure)
  if (typeof end === 'object') throw refused(name, end.refusedThrough)
  if (end === 'superseded' || signal.aborted) throw busy(name, 'another process')
  return to
}

function refused(name: string, through: Position): IndelibleError {
  const message = `The database refused a row that the new table of "${name}" would have at position ${through} or before.`
  return new IndelibleError('invalid_row', message, { details: { name, through } })
}

function busy(name: string, holder: string): IndelibleError {
  return new IndelibleError(
    'projection_busy',
    `The table of "${name}" is being built by ${holder}. Try again when that is done.`,
    { details: { name, holder } },
  )
}

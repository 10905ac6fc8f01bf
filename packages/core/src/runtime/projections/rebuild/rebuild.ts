// Builds the table of a projection again beside the one that readers see, checks it, and replaces the live table with it in one step.
import { throwIfAborted } from '../../../kernel/abort.ts'
import { IndelibleError, isIndelibleError } from '../../../kernel/errors.ts'
import type { Position } from '../../../kernel/positions.ts'
import { stagingTable } from '../../../kernel/tables.ts'
import { instant } from '../../../kernel/time.ts'
import { checkpointOf } from '../../../store/history.ts'
import { inlineOf } from '../../../store/inline.ts'
import type { Checkpoint } from '../../../store/port.ts'
import { leaseMs, replaceAgainMs, replaceFreelyMax, replaceTriesMax } from '../../limits.ts'
import { pause } from '../../waiting.ts'
import { ContentHash, VersionsHash } from '../compare/index.ts'
import type { ProjectionContext } from '../context.ts'
import { divergenceOfTable } from '../divergence.ts'
import { FoldStopped, foldFromZero } from '../fold/index.ts'
import { type FollowOptions, follow } from '../follow/index.ts'
import { LeaseKeeper } from '../lease-keeper.ts'
import type { RebuildProgress } from '../status.ts'
import { heldBack } from './hold.ts'

export interface RebuildOptions {
  readonly progress?: ((progress: RebuildProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface RebuildReport {
  /** The number of rows and the hash of the content when the table was checked against a second fold. */
  readonly rows: number
  readonly contentHash: string
  /** The table was checked up to here. */
  readonly checkedPosition: Position
  /** The table showed everything up to here when it replaced the live one. */
  readonly position: Position
  readonly ms: number
}

/**
 * Resolves when the new table has replaced the live one, which is kept as `<name>__previous`. Until then readers see only the old table. An interrupted rebuild
 * begins again from the start.
 *
 * Throws {@link FoldStopped}, `projection_busy` while another process builds it, `table_mismatch` if the written table is not what was folded,
 * `aborted`, and what store and tables throw.
 */
export async function rebuildTable(context: ProjectionContext, options: RebuildOptions = {}): Promise<RebuildReport> {
  const { projection, tables, ids, clock } = context
  const { signal } = options
  const beganMs = performance.now()
  const startedAt = instant(clock.now())
  const progress = (phase: RebuildProgress['phase'], done: number, total: number) =>
    options.progress?.({ phase, done, total, startedAt })
  const staging = stagingTable(projection.table)
  const holder = ids()

  await tables.open(staging)
  let keeper: LeaseKeeper | undefined
  try {
    await assertHeld(context, holder)
    keeper = new LeaseKeeper({ tables, name: staging.name, holder, isOver: () => false })
    const stop = signal ? AbortSignal.any([signal, keeper.over]) : keeper.over
    // An interrupted rebuild leaves rows that were never checked, so they are dropped. If this process sleeps for longer than its lease, another one drops
    // the table of this one too, and the new table has another generation.
    const generation = await emptied(context, holder)
    const upTo = await checkpointOf(context.store)
    const { position: to } = upTo
    const step = { generation, to, signal: stop, progress }
    await write(context, step, upTo)
    const checked = await check(context, step)
    const position = await replace(context, step)
    return { ...checked, checkedPosition: to, position, ms: performance.now() - beganMs }
  } catch (error) {
    if (signal?.aborted) throw new IndelibleError('aborted', `The rebuild of "${projection.name}" was aborted.`)
    if (keeper?.over.aborted) throw busy(projection.name, 'another process')
    // If this process slept for too long, another one may be rebuilding the table now.
    await assertHeld(context, holder).catch((lost) => {
      if (isIndelibleError(lost, 'projection_busy')) throw lost
    })
    throw error
  } finally {
    await keeper?.[Symbol.asyncDispose]()
    // Also if the answer to the first request was lost: no other process knows this holder.
    await tables.release(staging.name, holder).catch(() => {})
  }
}

/** Returns the generation of the empty table. */
async function emptied({ projection, tables }: ProjectionContext, holder: string): Promise<number> {
  const staging = stagingTable(projection.table)
  const { fingerprint, code, position, generation } = await tables.state(staging)
  if (fingerprint === staging.fingerprint && code === staging.code && position === 0) return generation
  await tables.drop(staging.name)
  const opened = await tables.open(staging)
  await assertHeld({ projection, tables }, holder)
  return opened.generation
}

/** Takes or renews the lease of the table. Throws `projection_busy`. */
async function assertHeld(
  { projection, tables }: Pick<ProjectionContext, 'projection' | 'tables'>,
  holder: string,
): Promise<void> {
  const lease = await tables.lease(stagingTable(projection.table).name, { holder, ms: leaseMs })
  if (!lease.isHeld) throw busy(projection.name, lease.holder)
}

/** What each step of a rebuild needs. */
interface Step {
  /** The generation of the table that is being built. */
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
  if (projection.table.history) {
    // Its versions are as many as its events, so they are written while they are folded.
    await followed(context, { generation, after: 0, to, signal, reached: (at) => progress('writing', at, to) })
    return
  }
  const fold = await foldFromZero(context, { to, signal, progress: (at) => progress('folding', at, to) })
  progress('writing', to, to)
  throwIfAborted(signal)
  const filled = await tables.bulkLoad(stagingTable(projection.table), fold.rows(), upTo, { generation })
  if (filled === 'superseded') throw busy(projection.name, 'another process')
}

/** Compares the written table with a second fold of the log. */
async function check(
  context: ProjectionContext,
  { generation, to, signal, progress }: Step,
): Promise<{ rows: number; contentHash: string }> {
  const { projection, tables } = context
  throwIfAborted(signal)
  const written = new ContentHash(projection.table)
  const scanned = await tables.scan(stagingTable(projection.table), (rows) => {
    for (const row of rows) written.add(row)
  })
  if (scanned.generation !== generation) throw busy(projection.name, 'another process')
  const folded = new ContentHash(projection.table)
  const history = projection.table.history ? new VersionsHash(projection.table) : undefined
  const again = await foldFromZero(context, {
    to,
    signal,
    progress: (at) => progress('verifying', at, to),
    versions: history && ((versions) => history.fold(versions)),
  })
  for (const row of again.rows()) folded.add(row)
  await history?.scan(tables, stagingTable(projection.table))
  if (written.rows === folded.rows && written.text === folded.text && (history?.isSame ?? true)) {
    return { rows: written.rows, contentHash: written.text }
  }
  const details = { name: projection.name, written: written.rows, folded: folded.rows }
  throw new IndelibleError(
    'table_mismatch',
    `The new table of "${projection.name}" has ${written.rows} rows (${written.text.slice(0, 16)}…), a second fold of the log makes ${folded.rows} ` +
      `(${folded.text.slice(0, 16)}…). It did not replace the live table. The cause is usually a handler that uses more than the event and the row.`,
    { details },
  )
}

/** Follows the log until the new table shows as much as the live one, and swaps them. */
async function replace(context: ProjectionContext, step: Step): Promise<Position> {
  const { tables, store } = context
  const { table } = context.projection
  const inline = context.projection.inline ? inlineOf(store) : undefined
  if (inline) {
    // Transactions that append move the live table on, so the last events and the swap come between two of them.
    const position = await caughtUp(context, step)
    return await inline.standstill(() => swapped(context, { ...step, to: position }))
  }
  let hold: AsyncDisposable | undefined
  try {
    for (let position = step.to, tries = 0; tries < replaceTriesMax; tries++) {
      if (tries >= replaceFreelyMax) {
        // Both tables follow the log, and the live one was faster each time.
        hold ??= await heldBack(tables, table.name, context.ids())
        await pause(replaceAgainMs, step.signal)
      }
      position = await caughtUp(context, { ...step, to: position })
      if (await isReplaced(context, { ...step, to: position })) return position
    }
  } finally {
    await hold?.[Symbol.asyncDispose]()
  }
  throw behind(table.name)
}

/** Both in one go. */
async function swapped(context: ProjectionContext, step: Step): Promise<Position> {
  const position = await caughtUp(context, step)
  if (await isReplaced(context, { ...step, to: position })) return position
  throw behind(context.projection.name)
}

/** False if the live table shows more. */
async function isReplaced(context: ProjectionContext, { generation, to, signal, progress }: Step): Promise<boolean> {
  const { tables } = context
  const { table } = context.projection
  progress('replacing', to, to)
  // A diverged table is marked, so that it is replaced although its position is higher.
  await divergenceOfTable(context, { name: table.name, there: await tables.open(table) }, signal)
  throwIfAborted(signal)
  const replaced = await tables.replace(table, stagingTable(table), { generation })
  if (replaced === 'superseded') throw busy(table.name, 'another process')
  return replaced === 'replaced'
}

function behind(name: string): IndelibleError {
  const message = `The new table of "${name}" could not catch up with the live one. Try again when fewer events are appended.`
  return new IndelibleError('projection_busy', message)
}

/** Brings the new table from its position to the end of the log, and returns that. */
async function caughtUp(
  context: ProjectionContext,
  { generation, to: after, signal, progress }: Step,
): Promise<Position> {
  const { position: to } = await context.store.head()
  if (to <= after) return after
  progress('catching up', after, to)
  await followed(context, { generation, after, to, signal })
  return to
}

/** Folds events into the new table, up to a position. */
async function followed(context: ProjectionContext, options: Omit<FollowOptions, 'table'>): Promise<void> {
  const { name, table } = context.projection
  const end = await follow(context, { ...options, table: stagingTable(table) })
  if (typeof end === 'object' && 'failure' in end) throw new FoldStopped(name, end.failure)
  if (typeof end === 'object') throw refused(name, end.refusedThrough)
  if (end === 'superseded' || options.signal.aborted) throw busy(name, 'another process')
}

function refused(name: string, through: Position): IndelibleError {
  const message = `The database refused a row of the new table of "${name}", of an event at or before position ${through}.`
  return new IndelibleError('invalid_row', message, { details: { name, through } })
}

function busy(name: string, holder: string): IndelibleError {
  return new IndelibleError(
    'projection_busy',
    `The table of "${name}" is being built by ${holder}. Try again when that is done.`,
    { details: { name, holder } },
  )
}

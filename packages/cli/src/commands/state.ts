// `indelible state`: the state of an aggregate, now or at a point of history.
import { inspect } from 'node:util'
import type { Command } from 'commander'
import { type AnyAggregate, type EventStore, isIndelibleError, placeOf } from 'indelible'
import { type AsOf, type StateAsOf, stateAsOf } from 'indelible/history'
import { CliError } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import {
  addCommonOptions,
  addPoints,
  aggregateOf,
  assertReached,
  type CommonOptions,
  inspectorsOf,
  type PointOptions,
  pointOf,
  untilOpen,
} from '../options/index.ts'
import { ago, escapeControls, jsonLine, type Output } from '../output/index.ts'
import { type Session, untilInterrupted } from '../session.ts'

type Options = CommonOptions & PointOptions

export function addState(program: Command, session: Session): void {
  const command = addCommand(program, 'state', {
    summary: 'show the state of an aggregate',
    about:
      'Show the state of an aggregate, now or at a point of history. It is folded from the events with the declarations in the config.',
    examples: [
      ['indelible state account 576', 'its state now'],
      ['indelible state account 576 --version 3', 'its state after its third event'],
      [
        'indelible state account 576 --recorded-at 2026-02-15 --valid-at 2026-01-31',
        'as it was known at the end of one day about the end of another',
      ],
      ['indelible state account 576 --recorded-at 2026-11-23', 'as it was recorded at the end of that day (UTC)'],
      [
        'indelible state account 576 --valid-at 2026-11-23T12:00:00Z',
        'as it was true at that time, including events recorded later',
      ],
    ],
  })
    .argument('<category>', 'the category of the aggregate, for example account')
    .argument('<id>', 'its id, for example 576')
  addPoints(command)
  addCommonOptions(command).action((category: string, id: string) =>
    state({ category, id }, command.optsWithGlobals(), session),
  )
}

async function state(name: { category: string; id: string }, options: Options, session: Session): Promise<void> {
  const { out, signal } = session
  const asOf = pointOf(options)
  const { system, store: openStore } = await inspectorsOf(options, session)
  const aggregate = aggregateOf(system, name.category)
  const stream = aggregate.stream(name.id)
  const store = await untilOpen(openStore(), session)
  try {
    const result = await untilInterrupted(folded(store, aggregate, { id: name.id, asOf }), signal)
    await assertReached(store, stream, { asOf, result })
    await out.write(
      options.json ? `${jsonLine({ stream, ...result })}\n` : format(result, { stream, out, nowMs: Date.now() }),
    )
  } finally {
    await store.close()
  }
}

function format(
  { state, version, position, recordedAt }: StateAsOf<unknown>,
  { stream, out, nowMs }: { stream: string; out: Output; nowMs: number },
): string {
  const title = out.paint(['cyan', 'bold'], escapeControls(stream))
  const text = inspect(state, {
    depth: null,
    maxArrayLength: null,
    maxStringLength: null,
    colors: out.hasColors,
    breakLength: Math.min(out.columns, 120) - 1,
  })
  return `${title} at version ${version}, position ${position}, recorded ${recordedAt}${recordedAt === null ? '' : ` (${ago(recordedAt, nowMs)})`}\n\n${text}\n`
}

async function folded(
  store: EventStore,
  aggregate: AnyAggregate,
  point: { id: string; asOf: AsOf | undefined },
): Promise<StateAsOf<unknown>> {
  try {
    return await stateAsOf(store, aggregate, point)
  } catch (error) {
    if (isIndelibleError(error)) throw error
    const problem = error instanceof Error ? error.message : error
    const message = `A handler of "${aggregate.category}" threw: ${problem}${placeOf(error)}`
    throw new CliError('fold_failed', message, { cause: error })
  }
}

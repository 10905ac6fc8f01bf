// `indelible tail`: prints the last events, then new events as another process writes them.
import type { Command } from 'commander'
import type { EventBatch, EventStore, Position, Query, RecordedEvent, StreamName } from 'indelible'
import { CliError } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import {
  addCommonOptions,
  addFilters,
  type CommonOptions,
  type FilterOptions,
  openLog,
  queryOf,
  wholeNumber,
} from '../options/index.ts'
import { eventLines } from '../output/index.ts'
import type { Session } from '../session.ts'

interface Options extends CommonOptions, FilterOptions {
  readonly lines?: number
  readonly after?: Position
  readonly until?: Position
  readonly limit?: number
}

const linesDefault = 10

export function addTail(program: Command, session: Session): void {
  const command = addCommand(program, 'tail', {
    summary: 'print the last events, then follow',
    about: 'Print the last events, then new events until Ctrl-C.',
    examples: [
      ['indelible tail', 'the last 10 events, then live'],
      ['indelible tail account-576 -n 0', 'only new events of one account'],
      ['indelible tail --category transfer --json', 'for a program, one event per line'],
      ['indelible tail --after 1200 --until 1300 --json', 'in a script: ends when position 1300 is written'],
    ],
  })
  addFilters(command)
    .option(
      '-n, --lines <count>',
      `first print this many past events (default: ${linesDefault})`,
      wholeNumber('-n', 'a count', 0),
    )
    .option('--after <position>', 'start after this position instead', wholeNumber('--after', 'a position', 0))
    .option('--until <position>', 'end when the log has reached this position', wholeNumber('--until', 'a position', 1))
    .option('--limit <count>', 'end after this many events', wholeNumber('--limit', 'a count', 1))
  addCommonOptions(command).action((stream?: StreamName) =>
    untilStopped(tail(stream, command.optsWithGlobals(), session), session),
  )
}

/** Ctrl-C is the normal end of tail, also while the log is being opened. */
async function untilStopped(tailing: Promise<void>, { interrupted, errors }: Session): Promise<void> {
  await tailing.catch((error) => (interrupted.aborted ? undefined : Promise.reject(error)))
  // The terminal has written ^C. The prompt belongs on a new line.
  if (interrupted.aborted && errors.isTerminal) await errors.write('\n')
}

async function tail(stream: StreamName | undefined, options: Options, session: Session): Promise<void> {
  if (options.after !== undefined && options.lines !== undefined) {
    throw new CliError('usage', '-n and --after both set the start. Give only one of them.')
  }
  const { after, lines = linesDefault, until = Number.POSITIVE_INFINITY, reserved = false } = options
  const { json = false, wide = false } = options
  const { out, errors, signal } = session
  const format = eventLines(out, { json, wide })
  const store = await openLog(options, session)
  try {
    let remaining = options.limit ?? Number.POSITIVE_INFINITY
    const batches = lastAndLive(store, queryOf(stream, options), { after, lines, until, reserved, signal })
    for await (const { events, through } of batches) {
      const due = events.filter(({ position }) => position <= until).slice(0, remaining)
      await out.write(format(due))
      remaining -= due.length
      if (remaining === 0 || through >= until) return
      if (through === 0 && errors.isTerminal) await errors.write('The log is empty. Waiting for events; Ctrl-C ends.\n')
    }
  } finally {
    await store.close()
  }
}

interface Span {
  readonly after: Position | undefined
  readonly lines: number
  readonly until: Position
  readonly reserved: boolean
  readonly signal: AbortSignal
}

/** The last events as one batch, or nothing if `after` is given; then the events of a subscription. */
async function* lastAndLive(
  store: EventStore,
  query: Query,
  { after, lines, until, reserved, signal }: Span,
): AsyncGenerator<EventBatch> {
  let start = after
  if (start === undefined) {
    start = (await store.head()).position
    const last: RecordedEvent[] = []
    const backwards = store.read(query, { to: Math.min(start, until), direction: 'backwards', limit: lines, reserved })
    for await (const { events } of backwards) last.push(...events)
    yield { events: last.reverse(), through: start }
  }
  yield* store.subscribe(query, { after: start, reserved, signal })
}

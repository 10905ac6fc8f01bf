// `indelible read`: prints recorded events, in either direction.
import type { Command } from 'commander'
import type { EventStore, ReadOptions, StreamName } from 'indelible'
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
import { interruptedError, type Session } from '../session.ts'

interface Options extends CommonOptions, FilterOptions {
  readonly from?: number
  readonly to?: number
  readonly limit?: number
  readonly backwards?: boolean
}

export function addRead(program: Command, session: Session): void {
  const command = addCommand(program, 'read', {
    summary: 'print events',
    about: 'Print events, oldest first.',
    examples: [
      ['indelible read account-576', 'all events of one account'],
      ['indelible read --type FundsWithdrawn --backwards --limit 5', 'the last five withdrawals'],
      ["indelible read '$saga.transfer-t1'", 'the history of a saga, step by step'],
      ['indelible read --tag owner:ann --json | jq .data', 'all events with a tag, for a program'],
      ['indelible read --data ./data --from 1000 --to 1099', 'a hundred positions; --data needs no config'],
    ],
  })
  addFilters(command)
    .option('--from <position>', 'the first position, inclusive', wholeNumber('--from', 'a position', 1))
    .option('--to <position>', 'the last position, inclusive', wholeNumber('--to', 'a position', 1))
    .option('--limit <count>', 'print at most this many events', wholeNumber('--limit', 'a count', 1))
    .option('--backwards', 'newest first')
  addCommonOptions(command).action((stream?: StreamName) => read(stream, command.optsWithGlobals(), session))
}

async function read(stream: StreamName | undefined, options: Options, session: Session): Promise<void> {
  const { from, to, limit, backwards, reserved = false, json = false, wide = false } = options
  if (from !== undefined && to !== undefined && from > to) {
    throw new CliError(
      'usage',
      `--from ${from} is after --to ${to}. Give the lower position to --from. --backwards only reverses the order.`,
    )
  }
  const readOptions: ReadOptions = {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(limit !== undefined && { limit }),
    direction: backwards ? 'backwards' : 'forwards',
    reserved,
  }
  const lines = eventLines(session.out, { json, wide })
  const store = await openLog(options, session)
  try {
    let printed = 0
    for await (const { events } of store.read(queryOf(stream, options), readOptions)) {
      await session.out.write(lines(events))
      printed += events.length
      if (session.out.closed.aborted) return
      if (session.interrupted.aborted) throw interruptedError()
    }
    if (printed === 0 && stream !== undefined) await assertExists(stream, store)
  } finally {
    await store.close()
  }
}

/** A filter may match nothing, which is not an error. But a stream that does not exist is probably misspelt. */
async function assertExists(stream: StreamName, store: EventStore): Promise<void> {
  for await (const { events } of store.read([{ streams: [stream] }], { limit: 1 })) if (events.length > 0) return
  throw new CliError('stream_missing', `The log has no event of stream "${stream}".`, { details: { stream } })
}

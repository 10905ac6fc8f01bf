// Decisions made again, and what would be with another past.
import { type ReplayedDecision, replayDecisions } from '../history/decisions.ts'
import type { RowsDiff } from '../history/diff.ts'
import { type OtherDecision, type OtherPast, type StateWhatIf, whatIf } from '../history/what-if/index.ts'
import { isIndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import { instantSchema, objectOf } from './json-schemas.ts'
import { decisionsPageMax, pageDefault, playedEventsMax, whatIfToldMax } from './limits.ts'
import { operation } from './operation.ts'
import { flag, invalid, oneOf, required, texts, valuesByName, wholeNumber } from './parameters.ts'
import { declaredProjection } from './select-rows.ts'

const outcomeSchema = {
  type: ['object', 'null'],
  description:
    'status is accepted (with events), refused (with reason and details), failed (with message) or left out.',
}

export const replayRecorded = operation({
  name: 'replayDecisions',
  effect: 'reads',
  heavy: true,
  needs: () => ({ verb: 'audit' }),
  parameters: {
    only: oneOf(['all', 'different'], { description: 'different: without those that come to the same events.' }),
    from: wholeNumber({ min: 1, description: 'The position where the page starts: `next` of the page before.' }),
    limit: wholeNumber({
      min: 1,
      max: decisionsPageMax,
      default: pageDefault,
      description: 'The maximum number of commands that the page decides again.',
    }),
  },
  paging: { parameter: 'from', firstPageOnly: [] },
  describe: () => [
    {
      group: 'log',
      summary: 'Recorded commands, decided again by the code as it is now',
      result: {
        description: 'A page of decisions, and where the next page starts; null if this is the last page.',
        schema: objectOf({
          decisions: {
            type: 'array',
            items: objectOf({
              verdict: { enum: ['same', 'different', 'undeclared', 'not recorded'] },
              position: { type: 'integer' },
              recordedAt: instantSchema,
              stream: { type: 'string' },
              command: { type: ['string', 'null'] },
              commandId: { type: ['string', 'null'] },
              isOtherCode: { type: 'boolean' },
              difference: { type: ['object', 'null'], description: 'input, version, state, facts, recorded and now.' },
            }),
          },
          next: { type: ['integer', 'null'] },
        }),
      },
    },
  ],
  async run({ store, system }, { only = 'all', from = 1, limit = pageDefault }): Promise<DecisionPage> {
    const decisions: ReplayedDecision[] = []
    let decided = 0
    for await (const decision of replayDecisions(store, system, { from })) {
      if (decided++ === limit) return { decisions, next: decision.position }
      if (only === 'all' || decision.verdict !== 'same') decisions.push(decision)
    }
    return { decisions, next: null }
  },
})

export interface DecisionPage {
  readonly decisions: readonly ReplayedDecision[]
  readonly next: Position | null
}

const stateSchema = {
  type: 'object',
  description: 'state, version, position and recordedAt of the last event in it.',
}

export const whatIfPast = operation({
  name: 'whatIf',
  effect: 'reads',
  heavy: true,
  needs: () => ({ verb: 'audit' }),
  parameters: {
    past: required(
      valuesByName({
        description:
          'What is to be different: without (positions of events), instead (position and data), events (after and event), commands (after and command).',
      }),
    ),
    decide: flag({ description: 'Decides the recorded commands that follow again.' }),
    from: wholeNumber({
      min: 1,
      description: 'The first position that is played again. The first change when left out.',
    }),
    tables: texts({ description: 'Read tables whose rows are compared.' }),
  },
  refusals: [
    'invalid_position',
    'invalid_command',
    'invalid_stream_name',
    'invalid_time',
    'reserved_name',
    'unknown_command',
    'unknown_projection',
    'projection_parked',
    'what_if_too_large',
  ],
  describe: () => [
    {
      group: 'log',
      summary: 'What would be different with another past',
      description: `Plays the log again in memory, at most ${playedEventsMax} events, and writes nothing.`,
      result: {
        description: `The decisions and the states that would be different, at most ${whatIfToldMax} of each; and the rows of the tables that were asked for.`,
        schema: objectOf({
          forkedAt: { type: 'integer', description: 'The last position that both pasts have in common.' },
          decided: { type: 'integer', description: 'The commands that were decided again.' },
          differences: {
            type: 'array',
            items: objectOf({
              position: { type: 'integer' },
              isAdded: { type: 'boolean' },
              stream: { type: 'string' },
              command: { type: 'string' },
              commandId: { type: ['string', 'null'] },
              recorded: outcomeSchema,
              now: outcomeSchema,
            }),
          },
          states: {
            type: 'array',
            items: objectOf({
              stream: { type: 'string' },
              is: stateSchema,
              wouldBe: stateSchema,
              changes: { type: 'array', items: { type: 'object' } },
            }),
          },
          tables: { type: 'object', description: 'By name: the rows added, removed and changed.' },
          isComplete: { type: 'boolean', description: 'Whether all differences and states are told.' },
        }),
      },
    },
  ],
  run: (running, input, { signal }): Promise<WhatIfTold> => askedIn('past', () => tellWhatIf(running, input, signal)),
})

interface WhatIfAsked {
  readonly past: Readonly<Record<string, unknown>>
  readonly decide?: boolean | undefined
  readonly from?: Position | undefined
  readonly tables?: readonly string[] | undefined
}

async function tellWhatIf(
  { store, system, fork }: RunningSystem,
  { past, decide = false, from, tables = [] }: WhatIfAsked,
  signal: AbortSignal | undefined,
): Promise<WhatIfTold> {
  const projections = tables.map((name) => declaredProjection(system, name))
  const asked = { ...pastIn(past), fork, decide: decide ? system : undefined, from, signal }
  const found = await whatIf(store, { ...asked, eventsMax: playedEventsMax })
  const states: WhatIfTold['states'][number][] = []
  for (const { aggregate, stream, id } of found.aggregatesOf(system).slice(0, whatIfToldMax))
    states.push({ stream, ...(await found.state(aggregate, { id })) })
  const rows: Record<string, RowsDiff> = {}
  for (const projection of projections) rows[projection.name] = await found.rows(projection)
  const { forkedAt, decided, differences, streams } = found
  return {
    forkedAt,
    decided,
    differences: differences.slice(0, whatIfToldMax),
    states: states.filter(({ changes }) => changes.length > 0),
    tables: rows,
    isComplete: differences.length <= whatIfToldMax && streams.length <= whatIfToldMax,
  }
}

/** The events in it have data that nobody has checked. */
async function askedIn<Result>(parameter: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw isIndelibleError(error, 'invalid_event') ? invalid(parameter, error.message) : error
  }
}

export interface WhatIfTold {
  readonly forkedAt: Position
  readonly decided: number
  readonly differences: readonly OtherDecision[]
  readonly states: readonly (StateWhatIf & { readonly stream: StreamName })[]
  readonly tables: Readonly<Record<string, RowsDiff>>
  readonly isComplete: boolean
}

const members = ['without', 'instead', 'events', 'commands']

/** Checks the form; positions, events and commands are checked where they are played. */
function pastIn(past: Readonly<Record<string, unknown>>): OtherPast {
  for (const [name, list] of Object.entries(past)) {
    if (!members.includes(name)) throw invalid('past', `"past" has no member "${name}". It has ${members.join(', ')}.`)
    const isRight = (each: unknown) => (name === 'without' ? typeof each === 'number' : isObject(each))
    if (Array.isArray(list) && list.every(isRight)) continue
    throw invalid('past', `"${name}" must be a list of ${name === 'without' ? 'positions' : 'objects'}.`)
  }
  return past as OtherPast
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

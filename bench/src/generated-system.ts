// A system as text, for the compiler: a number of aggregates with a projection each and up to ten commands, and sagas. Once declared, and once as plain
// functions with the same schemas, whose types are written by hand or inferred from the schemas by `z.infer`.

export interface SystemSize {
  readonly aggregates: number
  readonly commandsEach: number
  readonly sagas: number
}

/** Files by name. */
export type Files = Readonly<Record<string, string>>

export function declaredSystem(size: SystemSize): Files {
  return filesOf(size, { aggregate: declaredAggregate, rest: declaredRest })
}

export function plainSystem(size: SystemSize, types: Types): Files {
  return filesOf(size, {
    aggregate: (index, commandsEach) => plainAggregate(index, commandsEach, types),
    rest: plainRest,
  })
}

type Types = (commandsEach: number) => string

export const writtenTypes: Types = (commandsEach) =>
  each(
    commandsEach,
    (n) => `
export interface Changed${n} { owner: string; amount${n}: number; note?: string | undefined; kind: 'a${n}' | 'b${n}' }
export interface Input${n} { owner: string; amount${n}: number; note?: string | undefined }
export interface Given${n} { owner: string; amount${n}?: number | undefined; note?: string | undefined }
export interface Details${n} { balance: number; amount${n}: number }`,
  )

export const inferredTypes: Types = (commandsEach) =>
  each(
    commandsEach,
    (n) => `
export type Changed${n} = z.infer<typeof changed${n}>
export type Input${n} = z.infer<typeof input${n}>
export type Given${n} = z.input<typeof input${n}>
export type Details${n} = z.infer<typeof details${n}>`,
  )

/** The same with one mistake in its last command, to check that the compiler checks it. */
export function mistakenSystem(size: SystemSize): Files {
  const files = declaredSystem(size)
  const last = `thing${size.aggregates - 1}.ts`
  const text = files[last]!
  const at = text.lastIndexOf("refuse('")
  return { ...files, [last]: `${text.slice(0, at)}refuse('Not${text.slice(at + "refuse('".length)}` }
}

interface Writer {
  aggregate(index: number, commandsEach: number): string
  rest(size: SystemSize): string
}

function filesOf(size: SystemSize, { aggregate, rest }: Writer): Files {
  const aggregates = range(size.aggregates).map((index) => [`thing${index}.ts`, aggregate(index, size.commandsEach)])
  return Object.fromEntries([...aggregates, ['system.ts', rest(size)]])
}

/** The schemas, which both variants have. */
function schemas(commandsEach: number): string {
  return each(
    commandsEach,
    (n) => `
const changed${n} = z.object({ owner: z.string(), amount${n}: z.int(), note: z.string().optional(), kind: z.enum(['a${n}', 'b${n}']) })
const input${n} = z.object({ owner: z.string(), amount${n}: z.int().min(1).default(${n + 1}), note: z.string().optional() })
const details${n} = z.object({ balance: z.int(), amount${n}: z.int() })`,
  )
}

const stateMembers = `status: 'none' | 'open' | 'closed'; balance: number; owner: string | null`

function declaredAggregate(index: number, commandsEach: number): string {
  return `
import { aggregate, bigint, event, projection, refusal, refuse, text } from 'indelible'
import { z } from 'zod'
${schemas(commandsEach)}
${each(
  commandsEach,
  (n) => `
export const Changed${n} = event('Thing${index}Changed${n}', changed${n})
const Short${n} = refusal('Short${n}', details${n})`,
)}

interface State { ${stateMembers} }
const initialState: State = { status: 'none', balance: 0, owner: null }
export const thing = aggregate('thing${index}', { initialState })
${each(
  commandsEach,
  (n) => `
  .on(Changed${n}, (state, { owner, amount${n} }) => ({ ...state, status: 'open', owner, balance: state.balance + amount${n} }))`,
)}
${each(
  commandsEach,
  (n) => `
export const Change${n} = thing.command('ChangeThing${index}Way${n}', {
  input: input${n},
  emits: [Changed${n}, Changed0],
  refuses: ['Closed${n}', 'Other${n}', Short${n}],
  decide: ({ status, balance, owner: known }, { owner, amount${n}, note }) => {
    if (known !== null && known !== owner) return refuse('Other${n}')
    if (balance < amount${n}) return Short${n}({ balance, amount${n} })
    return status === 'closed' ? refuse('Closed${n}') : Changed${n}({ owner, amount${n}, note, kind: 'a${n}' })
  },
})`,
)}

export const things = projection('things${index}', { table: { thing_id: text().key(), owner: text(), balance: bigint() } })
  .write(Changed0, ({ owner, amount0 }, { streamId }) => ({ thing_id: streamId, owner, balance: amount0 }))
${each(commandsEach - 1, (n) => `  .on(Changed${n + 1}, (row, { amount${n + 1} }) => ({ ...row, balance: row.balance + amount${n + 1} }))\n`)}`
}

function declaredRest({ aggregates, commandsEach, sagas }: SystemSize): string {
  return `
import { defineSystem, type RunningSystem, saga } from 'indelible'
${imports(aggregates)}
${each(
  sagas,
  (n) => `
const saga${n} = saga('saga${n}', { startsOn: thing${n}.Changed0 })
  .step('first', { command: thing${n}.Change0, to: ({ owner }) => owner, input: ({ owner, amount0 }) => ({ owner, amount0 }),
    compensate: { command: thing0.Change1, to: ({ owner }) => owner, input: ({ owner, amount0 }) => ({ owner, amount1: amount0 }) } })
  .step('second', { command: thing0.Change1, to: ({ owner }) => owner, input: ({ owner }) => ({ owner }), timeout: '1m' })`,
)}

export const system = defineSystem({
  name: 'generated',
  commands: [${list(aggregates, (a) => list(commandsEach, (n) => `thing${a}.Change${n}`))}],
  projections: [${list(aggregates, (a) => `thing${a}.things`)}],
  sagas: [${list(sagas, (n) => `saga${n}`)}],
})

export async function told(running: RunningSystem): Promise<number> {
  const outcome = await running.send(thing0.Change0('1', { owner: 'Ann' }))
  return outcome.status === 'refused' && outcome.reason === 'Short0' ? outcome.details.balance : 0
}
`
}

function plainAggregate(index: number, commandsEach: number, types: Types): string {
  return `
import { z } from 'zod'
${schemas(commandsEach)}
export const schemas = [${list(commandsEach, (n) => `changed${n}, input${n}, details${n}`)}]
${types(commandsEach)}
${each(
  commandsEach,
  (n) => `
export interface Event${n} { type: 'Thing${index}Changed${n}'; data: Changed${n} }
export type Refused${n} = { refused: 'Closed${n}' | 'Other${n}' } | { refused: 'Short${n}'; details: Details${n} }`,
)}

interface State { ${stateMembers} }
export const initialState: State = { status: 'none', balance: 0, owner: null }
${each(
  commandsEach,
  (n) => `
export function evolve${n}(state: State, { owner, amount${n} }: Changed${n}): State {
  return { ...state, status: 'open', owner, balance: state.balance + amount${n} }
}
export function decide${n}({ status, balance, owner: known }: State, { owner, amount${n}, note }: Input${n}): Refused${n} | Event${n} | Event0 {
  if (known !== null && known !== owner) return { refused: 'Other${n}' }
  if (balance < amount${n}) return { refused: 'Short${n}', details: { balance, amount${n} } }
  return status === 'closed' ? { refused: 'Closed${n}' } : { type: 'Thing${index}Changed${n}', data: { owner, amount${n}, note, kind: 'a${n}' } }
}
export function change${n}(id: string, input: Given${n}): { id: string; input: Given${n} } {
  return { id, input }
}`,
)}

interface Row { thing_id: string; owner: string; balance: number }
export function row0({ owner, amount0 }: Changed0, { streamId }: { streamId: string }): Row {
  return { thing_id: streamId, owner, balance: amount0 }
}
${each(
  commandsEach - 1,
  (n) => `
export function row${n + 1}(row: Row, { amount${n + 1} }: Changed${n + 1}): Row {
  return { ...row, balance: row.balance + amount${n + 1} }
}`,
)}
`
}

function plainRest({ aggregates, commandsEach, sagas }: SystemSize): string {
  return `
${imports(aggregates)}
${each(
  sagas,
  (n) => `
export const to${n} = ({ owner }: thing${n}.Changed0): string => owner
export const first${n} = ({ owner, amount0 }: thing${n}.Changed0): thing${n}.Given0 => ({ owner, amount0 })
export const back${n} = ({ owner, amount0 }: thing${n}.Changed0): thing0.Given1 => ({ owner, amount1: amount0 })
export const second${n} = ({ owner }: thing${n}.Changed0): thing0.Given1 => ({ owner })`,
)}
export const commands: readonly unknown[] = [${list(aggregates, (a) => list(commandsEach, (n) => `thing${a}.change${n}`))}]
`
}

function imports(aggregates: number): string {
  return each(aggregates, (a) => `import * as thing${a} from './thing${a}.ts'\n`)
}

function each(count: number, text: (index: number) => string): string {
  return range(count).map(text).join('')
}

function list(count: number, text: (index: number) => string): string {
  return range(count).map(text).join(', ')
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index)
}

// What a saga does next, as a pure function of its declaration, its history and the time: the one place that decides.
import { IndelibleError } from '../../kernel/errors.ts'
import type { SagaSend } from '../../kernel/processes/flow.ts'
import type { AnySaga } from '../../kernel/processes/saga.ts'
import { type SagaMoves, sending } from './commands.ts'
import type { SagaEvent } from './events.ts'
import { hasEnded, type OpenWait, type SagaState } from './state.ts'
import { commandIdOf, type Reached, Walk, type Walked } from './walk.ts'

/** The last commands are steps of their own. */
const lastPaths = { completed: '$onCompleted', compensated: '$onCompensated' } as const

/**
 * What follows from the history of a saga: commands to send, waits to begin, or the end. Nothing while it waits for something, or when it has ended.
 * Throws as {@link Walk}, and `invalid_declaration` where the code is no longer that of the history.
 */
export function nextMoves(walked: Walked): SagaMoves {
  const { state, saga } = walked
  const moves: SagaMoves = []
  if (hasEnded(state) || state.status === 'compensationFailed') return moves
  const walk = new Walk(walked, state.status === 'running' ? moves : undefined)
  checkFits(saga, state, walk.reached)
  if (state.status === 'running') {
    if (walk.isDone) end(walked, walk, 'completed', moves)
    return moves
  }
  // What is on its way may still take effect.
  for (const [step, { isCancelled, event }] of state.waits) {
    if (isCancelled || event.type !== '$ChildStarted') continue
    const { saga: child, id } = event.data
    moves.push({ type: '$ChildCancelled', data: { step, saga: child, id } })
  }
  if (state.commands.size > 0 || state.waits.size > 0) return moves
  const step = state.effects.findLast((each) => compensationOf(walk.reached.get(each)))
  if (step === undefined) end(walked, walk, 'compensated', moves)
  else moves.push(takingBack(walked, walk, step))
  return moves
}

function end(walked: Walked, walk: Walk, how: keyof typeof lastPaths, moves: SagaMoves): void {
  const { saga, sagaId, state } = walked
  const step = lastPaths[how]
  const send = how === 'completed' ? saga.onCompleted : saga.onCompensated
  const known = state.nodes.get(step)
  if (!send || known?.isDone) {
    moves.push({ type: how === 'completed' ? '$SagaCompleted' : '$SagaCompensated', data: {} })
  } else if (!known) {
    const context = { sagaId, answers: {}, item: undefined }
    const command = walk.ask(step, 'command', () => sending(send, walk.data, context))
    const commandId = commandIdOf(walked, step, 'do')
    const sent = { step, commandId, command, deadline: null, compensatable: false }
    moves.push({ type: '$StepSent', data: how === 'completed' ? { ...sent, isPivot: true } : sent })
  }
}

function takingBack(walked: Walked, walk: Walk, step: string): SagaEvent {
  const { saga, state } = walked
  const { node, context } = walk.reached.get(step)!
  const compensate = compensationOf(walk.reached.get(step))
  if (!compensate) throw changed(saga, `step "${step}" had a compensation when it was done, but has none in the code`)
  const { resolution, resumed } = state
  const command =
    resolution?.step === step
      ? resolution.command
      : walk.ask(step, 'compensate', () =>
          sending(compensate, walk.data, { ...context, answers: withOwn(state, step, context.answers, node.name) }),
        )
  const commandId = commandIdOf(walked, step, `compensate${resumed || ''}`)
  return { type: '$CompensationSent', data: { step, commandId, command, deadline: null, compensatable: true } }
}

/** What takes a step back, if anything does. */
function compensationOf(reached: Reached | undefined): SagaSend | undefined {
  const node = reached?.node
  const compensate = node?.kind === 'step' || node?.kind === 'child' ? node.compensate : undefined
  return typeof compensate === 'object' ? compensate : undefined
}

/** A compensation may know what the step itself answered. */
function withOwn(state: SagaState, step: string, answers: object, name: string): object {
  return { ...answers, [name]: state.nodes.get(step)?.value }
}

/** The pending command as the code makes it now, which may have been mended since it was sent. It has the same id. Throws as {@link nextMoves}. */
export function sentAgain(walked: Walked, step: string): SagaEvent | undefined {
  const { state } = walked
  const open = state.commands.get(step)!
  const walk = new Walk(walked)
  if (open.isCompensation) return takingBack(walked, walk, step)
  const reached = walk.reached.get(step)
  if (reached?.node.kind !== 'step') return undefined
  const { send, compensate } = reached.node
  const command = walk.ask(step, 'command', () => sending(send, walk.data, reached.context))
  const { commandId, deadline } = open
  return {
    type: '$StepSent',
    data: { step, commandId, command, deadline, compensatable: typeof compensate === 'object' },
  }
}

/** The waits whose time is over, as they end. */
export function endedWaits({ saga, state, nowMs, ...walked }: Walked): SagaMoves {
  const due = [...state.waits].filter(([, { until }]) => until !== null && Date.parse(until) <= nowMs)
  if (due.length === 0) return []
  const { reached } = new Walk({ saga, state, nowMs, ...walked })
  return due.map(([step, wait]) => overAt(step, wait, reached.get(step)))
}

function overAt(step: string, { kind }: OpenWait, reached: Reached | undefined): SagaEvent {
  if (kind === 'sleep') return { type: '$SleepEnded', data: { step } }
  const node = reached?.node
  const continues = (node?.kind === 'await' || node?.kind === 'ask') && node.otherwise === 'continue'
  return { type: '$WaitTimedOut', data: { step, continues } }
}

/** When the next wait or step after a time runs out, if any does. */
export function dueAt({ waits, commands }: SagaState, afterMs = Number.NEGATIVE_INFINITY): number | undefined {
  let due: number | undefined
  for (const { until } of waits.values()) due = earlier(due, until, afterMs)
  for (const { deadline } of commands.values()) due = earlier(due, deadline, afterMs)
  return due
}

function earlier(due: number | undefined, instant: string | null, afterMs: number): number | undefined {
  const ms = instant === null ? afterMs : Date.parse(instant)
  if (ms <= afterMs) return due
  return due === undefined ? ms : Math.min(due, ms)
}

/**
 * Throws `invalid_declaration` where the history of a saga names a node that the code does not reach any more, or one that is to be compensated has lost
 * its compensation. Only a person knows then whether it has another name, or is not to be compensated any more.
 */
function checkFits(
  saga: AnySaga,
  { nodes, commands, status, compensatable }: SagaState,
  reached: ReadonlyMap<string, Reached>,
): void {
  for (const [step, { isDone }] of nodes) {
    if (step.startsWith('$')) continue
    const node = reached.get(step)?.node
    if (!node) {
      const what = commands.has(step) ? 'was sent' : isDone ? 'was done' : 'was begun'
      throw changed(saga, `step "${step}" ${what}, but the code has no step of that name there`)
    }
    if (status === 'compensating' && compensatable.has(step) && !compensationOf(reached.get(step)))
      throw changed(saga, `step "${step}" had a compensation when it was done, but has none in the code`)
  }
}

function changed({ name }: AnySaga, problem: string): IndelibleError {
  const message = `Saga "${name}" has changed since this one began: ${problem}. Give it back, then restart, or resume the saga.`
  return new IndelibleError('invalid_declaration', message)
}

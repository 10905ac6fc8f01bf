// Who sends what and who listens to what, as a board says it.
import type { Board, BoardListener, BoardSaga, BoardStep } from './board.ts'

export interface BoardPart {
  readonly kind: 'decision model' | 'projection' | 'saga' | 'policy' | 'reaction' | 'subscription'
  readonly name: string
}

/** Everything that follows an event, besides the aggregates that fold it. */
export function listenersTo(board: Board, event: string): readonly BoardPart[] {
  const on = (kind: BoardPart['kind'], parts: readonly Pick<BoardListener, 'name' | 'on'>[]) =>
    parts.filter((part) => part.on.includes(event)).map(({ name }) => ({ kind, name }))
  return [
    ...on('decision model', board.models),
    ...on(
      'saga',
      board.sagas.map((saga) => ({ name: saga.name, on: eventsOf(saga) })),
    ),
    ...on('policy', board.policies),
    ...on('projection', board.readModels),
    ...on('reaction', board.reactions),
    ...on('subscription', board.subscriptions),
  ]
}

/** The sagas and policies that send a command. */
export function sendersOf(board: Board, command: string): readonly BoardPart[] {
  return [
    ...board.sagas
      .filter((saga) => sendsOf(saga).some((sent) => sent.command === command))
      .map(({ name }) => ({ kind: 'saga', name }) as const),
    ...board.policies
      .filter(({ sends }) => sends.includes(command))
      .map(({ name }) => ({ kind: 'policy', name }) as const),
  ]
}

/** What starts a saga, cancels it, and what its steps wait for. */
export function eventsOf({ startsOn, cancelsOn, steps }: BoardSaga): readonly string[] {
  return [...new Set([...startsOn, ...cancelsOn, ...awaitedIn(steps)])]
}

export interface SentBySaga {
  readonly command: string
  readonly takesBack: boolean
  /** What the saga has sent and heard before. */
  readonly after: { readonly commands: readonly string[]; readonly events: readonly string[] }
}

/** In the order of the flow. */
export function sendsOf({ steps, onCompleted, onCompensated }: BoardSaga): readonly SentBySaga[] {
  const sent: SentBySaga[] = []
  const commands: string[] = []
  const events: string[] = []
  const send = (command: string, takesBack: boolean) => {
    sent.push({ command, takesBack, after: { commands: [...commands], events: [...events] } })
    if (!takesBack) commands.push(command)
  }
  const visit = (step: BoardStep) => {
    if (step.kind === 'step') send(step.sends, false)
    if (step.kind === 'await') events.push(step.event)
    for (const flow of flowsOf(step)) flow.forEach(visit)
    if ('compensatesWith' in step && step.compensatesWith !== null && step.compensatesWith !== 'nothing')
      send(step.compensatesWith, true)
  }
  steps.forEach(visit)
  if (onCompleted !== null) send(onCompleted, false)
  if (onCompensated !== null) send(onCompensated, true)
  return sent
}

function awaitedIn(steps: readonly BoardStep[]): readonly string[] {
  return steps.flatMap((step) => [...(step.kind === 'await' ? [step.event] : []), ...flowsOf(step).flatMap(awaitedIn)])
}

function flowsOf(step: BoardStep): readonly (readonly BoardStep[])[] {
  if (step.kind === 'each') return [step.steps]
  return step.kind === 'parallel' || step.kind === 'choose' ? Object.values(step.branches) : []
}

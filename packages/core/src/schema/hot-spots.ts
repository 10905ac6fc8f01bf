// The questions that a board leaves open.
import type { Board, BoardStep } from './board.ts'

export function hotSpotsOf({
  lanes,
  models,
  policies,
  sagas,
  readModels,
  reactions,
  subscriptions,
}: Omit<Board, 'hotSpots'>): readonly string[] {
  const emitted = new Set(lanes.flatMap(({ commands }) => commands.flatMap(({ emits }) => emits)))
  const followed = new Set([
    ...[...models, ...policies, ...readModels, ...reactions, ...subscriptions].flatMap(({ on }) => on),
    ...sagas.flatMap(({ startsOn, cancelsOn, steps }) => [...startsOn, ...cancelsOn, ...awaitedIn(steps)]),
  ])
  const named = lanes.flatMap(({ kind, events }) => events.map(({ name }) => ({ kind, name })))
  return [
    ...named
      .filter(({ kind, name }) => kind !== 'system' && !emitted.has(name))
      .map(({ name }) => `No command makes ${name} happen. Where does it come from?`),
    ...named
      .filter(({ kind, name }) => kind !== 'service' && !followed.has(name))
      .map(({ name }) => `Nobody listens to ${name}. Who needs to know?`),
    ...sagas
      .filter(({ owner }) => owner === null)
      .map(({ name }) => `Who looks at an instance of ${name} that cannot go on?`),
  ]
}

/** The events that steps wait for. */
export function awaitedIn(steps: readonly BoardStep[]): readonly string[] {
  return steps.flatMap((step) => {
    if (step.kind === 'await') return [step.event]
    if (step.kind === 'each') return awaitedIn(step.steps)
    return step.kind === 'parallel' || step.kind === 'choose' ? Object.values(step.branches).flatMap(awaitedIn) : []
  })
}

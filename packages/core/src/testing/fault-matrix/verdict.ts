// What is looked at when nothing is left to do: how the saga ended, that nothing happened twice, that nothing was forgotten, and what the user states.
import { messageOf } from '../../kernel/shown.ts'
import { viewOf, type Waiting } from '../../runtime/processes/saga-view.ts'
import { hasEnded } from '../../runtime/processes/state.ts'
import type { RunningSystem } from '../../runtime/running-system.ts'
import { declared, type Instance } from './places.ts'
import type { AnyFaultScenario } from './scenario.ts'
import type { Tampering } from './tampering.ts'
import type { Trial } from './trial.ts'

/** `resumed`: a person had to resume it, and then it compensated. */
export type TrialEnd = 'completed' | 'compensated' | 'resumed'

export interface Verdict {
  /** Nothing if it has not ended. */
  readonly end: TrialEnd | undefined
  readonly problems: readonly string[]
}

/** Plays a run to its end. */
export async function tried(scenario: AnyFaultScenario, trial: Trial, tampering?: Tampering): Promise<Verdict> {
  const { saga, start } = scenario
  try {
    await trial.seed()
    await trial.play()
    const helped = await intervened(trial)
    const { running } = trial
    const instances = await trial.instances()
    const state = instances.find((each) => each.saga === saga && each.sagaId === start.id)?.state
    if (!state)
      return { end: undefined, problems: [`${start.type} started no saga "${saga.name}" with the id ${start.id}.`] }
    const status = hasEnded(state) ? (state.status as 'completed' | 'compensated') : undefined
    const expects = (trial.hasHappened && tampering?.expects) || 'completed'
    const failure = state.failure ? ` (${state.failure.step || 'it'}: ${state.failure.reason})` : ''
    const problems = [
      ...helped.problems,
      ...(status && expects !== 'any' && status !== expects
        ? [`It ended ${status}${failure}, and not ${expects}.`]
        : []),
      ...(await forgotten(running, instances, scenario)),
      ...(await doneTwice(trial)),
      ...(status ? await broken(scenario, trial, status) : []),
    ]
    return { end: status && helped.count > 0 ? 'resumed' : status, problems }
  } catch (error) {
    return { end: undefined, problems: [messageOf(error)] }
  } finally {
    await trial.close()
  }
}

/** Resumes what needs a person because a compensation was refused. */
async function intervened(trial: Trial): Promise<{ readonly count: number; readonly problems: readonly string[] }> {
  const stuck = (await trial.instances()).filter(({ state }) => state.status === 'compensationFailed')
  const problems: string[] = []
  for (const { saga, sagaId } of stuck) {
    const status = await trial.running.consumers.show(saga)
    if (!('needsIntervention' in status && status.needsIntervention.some((each) => each.sagaId === sagaId)))
      problems.push(`Its compensation was refused, but nobody is told that ${saga.name} ${sagaId} needs intervention.`)
    if (saga.owner === undefined)
      problems.push(
        `Its compensation was refused, and nobody is named who looks at it: saga('${saga.name}', { owner: 'payments team', … }).`,
      )
    await trial.running.resumeSaga(saga, sagaId, { actor: saga.owner, reason: 'FaultMatrix' })
  }
  if (stuck.length > 0) await trial.go()
  return { count: stuck.length, problems }
}

async function forgotten(
  running: RunningSystem,
  instances: readonly Instance[],
  { others = {} }: AnyFaultScenario,
): Promise<readonly string[]> {
  const consumers = await running.consumers.list()
  const parked = consumers.flatMap((each) => {
    const isParked = each.state === 'parked' || (each.kind === 'policy' && each.parked.length > 0)
    return isParked ? [`The ${each.kind} "${each.name}" is parked: ${each.error?.message ?? 'its code failed'}`] : []
  })
  const open = instances.flatMap(({ saga, sagaId, state, prefix }) => {
    if (hasEnded(state)) return []
    const status = consumers.find(({ name }) => name === saga.name)
    const needs = status && 'needsIntervention' in status ? status.needsIntervention : []
    const problem = needs.find((each) => each.sagaId === sagaId)?.problem
    if (problem !== undefined) return [`${saga.name} ${sagaId} needs intervention: ${problem}`]
    const view = viewOf(state)
    const left = [...view.pending.map(({ step }) => `the answer of "${step}"`), ...view.waiting.map(waitedFor)]
    const waits = view.waiting.filter((each) => each.for === 'event' || each.for === 'person')
    const unsaid = waits.map(({ step }) => prefix + declared(step)).filter((path) => !others[path])
    const hint = unsaid.map(
      (path) => ` Say what others do: others: { '${path}': (running, { sagaId }) => running.send(…) }.`,
    )
    return [`${saga.name} ${sagaId} is still ${state.status} and waits for ${left.join(', ')}.${hint.join('')}`]
  })
  return [...parked, ...open]
}

function waitedFor(wait: Waiting): string {
  if (wait.for === 'event') return `${wait.eventType} at "${wait.step}"`
  if (wait.for === 'person') return `${wait.owner} at "${wait.step}"`
  return wait.for === 'saga' ? `${wait.saga} ${wait.id}` : `a time at "${wait.step}"`
}

/** Each command makes one commit at most, and each step of a saga is done once. */
async function doneTwice({ store }: Trial): Promise<readonly string[]> {
  const commits = new Map<string, number>()
  const steps = new Set<string>()
  const problems: string[] = []
  let last: string | undefined
  for await (const { events } of store.read('all', { reserved: true })) {
    for (const { type, stream, data, metadata } of events) {
      const { commandId } = metadata
      if (commandId !== undefined && commandId !== last) commits.set(commandId, (commits.get(commandId) ?? 0) + 1)
      last = commandId
      if (type !== '$StepDone' && type !== '$CompensationDone') continue
      const step = `${type} "${(data as { readonly step: string }).step}" of ${stream}`
      if (steps.has(step)) problems.push(`${step} is recorded twice.`)
      steps.add(step)
    }
  }
  for (const [commandId, count] of commits)
    if (count > 1) problems.push(`The command ${commandId} was carried out ${count} times.`)
  return problems
}

/** What the user states, when all tables show the whole log. */
async function broken(
  { system, start, invariant }: AnyFaultScenario,
  { running, services }: Trial,
  status: 'completed' | 'compensated',
): Promise<readonly string[]> {
  const { position } = await running.store.head()
  for (const each of system.projections) await running.waitFor(each, position)
  try {
    const problem = await invariant(running, { sagaId: start.id, status, services })
    return problem ? [problem] : []
  } catch (error) {
    return [messageOf(error)]
  }
}

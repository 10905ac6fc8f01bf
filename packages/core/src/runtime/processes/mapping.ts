// Takes an instance that began on an earlier version of a saga over to the newest one, by the map of its version. Pure: it gives the event that says so.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import { messageOf } from '../../kernel/shown.ts'
import type { SagaMapped } from './events.ts'
import { assertFits } from './fitting.ts'
import { renamed } from './renaming.ts'
import { applySagaEvent, hasEnded, type SagaState } from './state.ts'
import type { Walked } from './walk.ts'

/**
 * What an instance records to go on with the newest version, which is `saga`. Nothing where it is on that version already, or stays on an earlier one that is
 * kept: because nothing maps it, or because it does not fit the map (yet). Throws `invalid_declaration` or `impure_saga` where it fits nothing.
 */
export function mappingOf(walked: Walked): SagaMapped | undefined {
  const { saga, state } = walked
  const { definition } = state
  if (definition >= saga.version || hasEnded(state)) return undefined
  const isKept = saga.former.some(({ version }) => version === definition)
  if (isKept && !saga.maps[definition]) return undefined
  try {
    const mapped = mappedBy(walked)
    const after = copyOf(state)
    applySagaEvent(after, { type: '$SagaMapped', data: mapped })
    assertFits({ ...walked, state: after })
    return mapped
  } catch (error) {
    if (isKept) return undefined
    throw error
  }
}

/** Whether it does anything to that instance besides noting the version. */
export function isChanged({ steps, answers }: SagaMapped, { nodes }: SagaState): boolean {
  return Object.keys(answers).length > 0 || [...nodes.keys()].some((path) => renamed(path, steps) !== path)
}

/** Apart from what a map changes, both share what they hold. */
function copyOf(state: SagaState): SagaState {
  const { nodes, commands, waits, compensatable, pivots } = state
  return {
    ...state,
    nodes: new Map(nodes),
    commands: new Map(commands),
    waits: new Map(waits),
    compensatable: new Set(compensatable),
    pivots: new Set(pivots),
  }
}

function mappedBy({ saga, state, guard }: Walked): SagaMapped {
  const { definition: from, nodes } = state
  const { steps = {}, answers: made = {} } = saga.maps[from] ?? {}
  const answers: Record<string, unknown> = {}
  for (const [path, { isDone, value }] of nodes) {
    const to = renamed(path, steps)
    if (to === null) checkRemoved(state, path, saga.name)
    const make = to !== null && isDone ? made[to.replace(/\[[^\]]*\]/g, '')] : undefined
    if (!make) continue
    const which = `The map of the answer of step "${to}"`
    try {
      answers[to!] = JSON.parse(
        JSON.stringify(guard.call(`${which} of saga "${saga.name}"`, () => make(value)) ?? null),
      )
    } catch (cause) {
      if (isIndelibleError(cause, 'impure_saga')) throw cause
      throw new IndelibleError('invalid_declaration', `${which} failed: ${messageOf(cause)}`, { cause })
    }
  }
  return { from, to: saga.version, steps, answers }
}

/** Throws `invalid_declaration` where something would be forgotten: an answer that is still to come, or what must be taken back. */
function checkRemoved({ commands, waits, compensatable }: SagaState, step: string, name: string): void {
  const why = commands.has(step)
    ? 'has sent a command and waits for its answer'
    : waits.get(step)?.kind === 'child'
      ? 'waits for the end of another saga'
      : compensatable.has(step)
        ? 'took effect and has a compensation'
        : undefined
  if (why === undefined) return
  throw new IndelibleError(
    'invalid_declaration',
    `Saga "${name}" has changed since this one began: step "${step}" ${why}, but the map removes it. Map it to a step that does the same, or keep the earlier version under "former".`,
  )
}

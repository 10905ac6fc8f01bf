// The story of one instance: what happened step by step, who decided what and why, what comes next and when.
import type { Command } from '../kernel/commands.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import type { AnySaga } from '../kernel/processes/index.ts'
import type { Instant } from '../kernel/time.ts'
import type { SagaEvent } from '../runtime/processes/events.ts'
import type { EventStore } from '../store/port.ts'
import { pageDefault } from './limits.ts'
import { aheadOf, type SagaAhead } from './saga-ahead.ts'
import { listedOf, type SagaListed } from './saga-list.ts'
import { readInstance } from './saga-reading.ts'

/** Something that happened to an instance. */
export interface SagaHappening {
  readonly position: Position
  readonly recordedAt: Instant
  readonly type: string
  readonly kind: 'event' | 'command' | 'timer' | 'person' | 'saga' | 'choice' | 'end'
  /** Null where it concerns the saga as a whole. */
  readonly step: string | null
  /** What happened, as a part of a sentence: `sent WithdrawFunds to account-1`. */
  readonly text: string
  /** Who decided it; null where the saga itself did. */
  readonly actor: string | null
  /** Why, as the person said. */
  readonly reason: string | null
  /** The data of the event in the stream of the instance. */
  readonly data: unknown
}

export interface SagaStory extends SagaListed {
  readonly history: readonly SagaHappening[]
  readonly ahead: readonly SagaAhead[]
  /** Where the next page of the history starts, or null. */
  readonly next: Position | null
}

interface Asked {
  readonly store: EventStore
  readonly saga: AnySaga
  readonly id: string
  readonly nowMs: number
}

/** A page of what happened, and what comes next. Throws `saga_missing`, `invalid_stream_name`. */
export async function sagaStory(
  { store, saga, id, nowMs }: Asked,
  { from = 1, limit = pageDefault }: { readonly from?: Position | undefined; readonly limit?: number | undefined } = {},
): Promise<SagaStory> {
  const history: SagaHappening[] = []
  let next: Position | null = null
  const instance = await readInstance(store, saga, id, (event) => {
    if (event.position < from) return
    if (history.length < limit) history.push(happeningOf(event))
    else next ??= event.position
  })
  return { ...listedOf(instance, nowMs), history, ahead: aheadOf(instance), next }
}

export function happeningOf({ position, recordedAt, type, data, metadata, category }: RecordedEvent): SagaHappening {
  const event = { type, data } as SagaEvent
  const [kind, text] = tellingOf(event)
  const { step = null } = data as { readonly step?: string | null }
  const isDecided = event.type === '$PersonAnswered' || event.type === '$SagaResumed'
  const reason = isDecided ? event.data.reason : null
  const by = (event.type === '$SagaCancelled' ? event.data.actor : undefined) ?? metadata.actor
  const itself = `saga:${category.slice('$saga.'.length)}`
  const actor = by === undefined || by === itself ? null : by
  return { position, recordedAt, type, kind, step, text, actor, reason, data }
}

const thenBack = (continues: boolean) => (continues ? 'the saga goes on' : 'the saga takes back what it did')

/** Every event of a saga as a part of a sentence. */
function tellingOf(event: SagaEvent): readonly [SagaHappening['kind'], string] {
  switch (event.type) {
    case '$SagaStarted': {
      const { type, position, parent } = event.data.startedBy
      if (parent) return ['saga', `started by the saga ${parent.saga} ${parent.id}, step ${parent.step}`]
      return ['event', `started by ${type} at position ${position}`]
    }
    case '$BranchTaken':
      return ['choice', `chose ${event.data.branch}`]
    case '$ListTaken':
      return ['choice', `took a list of ${event.data.keys.length}: ${event.data.keys.slice(0, keysToldMax).join(', ')}`]
    case '$StepSent': {
      const { command, deadline } = event.data
      const limit = deadline === null ? '' : `, which may take until ${deadline}`
      return ['command', `sent ${command.type} to ${placeOf(command)}${limit}`]
    }
    case '$CompensationSent': {
      const { command } = event.data
      return ['command', `sent ${command.type} to ${placeOf(command)} to take it back`]
    }
    case '$StepDone':
      return ['command', `took effect at position ${event.data.position}`]
    case '$StepRefused':
      return ['command', `was refused (${event.data.reason}); ${thenBack(event.data.continues)}`]
    case '$StepTimedOut':
      return ['timer', `took too long; ${thenBack(false)}`]
    case '$CompensationDone':
      return ['command', `was taken back at position ${event.data.position}`]
    case '$CompensationRefused':
      return ['command', `could not be taken back (${event.data.reason}); a person must resume the saga`]
    case '$EventAwaited':
      return ['timer', `began to wait for ${event.data.eventType}${limitOf(event.data.until)}`]
    case '$EventArrived': {
      const { step, event: arrived } = event.data
      return ['event', `${arrived.type} came, at position ${arrived.position}${step === null ? '; it is kept' : ''}`]
    }
    case '$SleepBegan':
      return ['timer', `began to sleep${limitOf(event.data.until)}`]
    case '$SleepEnded':
      return ['timer', 'woke']
    case '$PersonAsked':
      return ['person', `asked ${event.data.owner}: ${event.data.question}${limitOf(event.data.until)}`]
    case '$PersonAnswered':
      return ['person', `was decided: ${JSON.stringify(event.data.decision)}`]
    case '$ChildStarted':
      return ['saga', `started the saga ${event.data.saga} ${event.data.id}`]
    case '$ChildCancelled':
      return ['saga', `told the saga ${event.data.saga} ${event.data.id} to take back what it did`]
    case '$ChildEnded':
      return ['saga', event.data.isCompleted ? 'the child completed' : `the child compensated; ${thenBack(false)}`]
    case '$WaitTimedOut':
      return ['timer', `nothing came in time; ${thenBack(event.data.continues)}`]
    case '$SagaCancelled':
      return [event.data.event ? 'event' : 'person', `was cancelled (${event.data.reason}); ${thenBack(false)}`]
    case '$SagaResumed':
      return ['person', resumptions[event.data.how]]
    case '$SagaMapped': {
      const { from, to, steps } = event.data
      const names = Object.entries(steps).map(([old, now]) => (now === null ? `without ${old}` : `${old} is ${now}`))
      return ['choice', `went over from version ${from} to ${to}${names.length > 0 ? `: ${names.join(', ')}` : ''}`]
    }
    case '$SagaCompleted':
      return ['end', 'completed']
    case '$SagaCompensated':
      return ['end', 'compensated']
  }
}

const keysToldMax = 10

const resumptions = {
  retry: 'was resumed: the refused compensation is tried again',
  accept: 'was resumed: what could not be taken back stays',
  resolve: 'was resumed: another command is sent in place of the refused compensation',
} as const

function placeOf({ category, id, remote }: Command): string {
  return `${category}-${id}${remote === undefined ? '' : ` in ${remote}`}`
}

function limitOf(until: Instant | null): string {
  return until === null ? ', without a limit' : `, until ${until}`
}

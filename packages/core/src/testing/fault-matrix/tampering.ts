// What is done to a run so that one fault happens at one place: at the append of a commit, at a decision, or at what others do.
import type { AnyCommandType } from '../../kernel/commands.ts'
import { durationMs } from '../../kernel/durations.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { AwaitNode, ChildNode, FlowNode, SagaSend, StepNode } from '../../kernel/processes/index.ts'
import type { Refusal } from '../../kernel/refusals.ts'
import type { ServiceResponse } from '../../runtime/services/connection.ts'
import type { AppendOutcome, Commit } from '../../store/port.ts'
import type { Crash } from '../crashing-store.ts'
import { carriesOut, commandAt, commandsInside, type Place, records, takesBack } from './places.ts'
import { refusalsOf } from './refusal.ts'

/** One fault at one place. */
export interface Tampering {
  /** For people, after the place. */
  readonly how: string
  /** How the saga has to end. `any`: it goes on in another way. */
  readonly expects: 'completed' | 'compensated' | 'any'
  /** Whether a command is refused, and with what. */
  readonly refuses?: (commandId: string, command: AnyCommandType, run: TamperedRun) => Refusal | undefined
  readonly append?: (commit: Commit, append: () => Promise<AppendOutcome>, run: TamperedRun) => Promise<AppendOutcome>
  /** What a service is asked. */
  readonly ask?: (asked: Asked, ask: () => Promise<ServiceResponse>, run: TamperedRun) => Promise<ServiceResponse>
  readonly crash?: Crash
  readonly others?: { readonly at: Place; readonly act: 'never' | 'late' | 'twice' }
}

/** What a service is asked: to carry out the command with this id, or to give it up. */
export interface Asked {
  readonly commandId: string
  readonly isGiveUp: boolean
}

/** What a tampering may do. */
export interface TamperedRun {
  /** The fault has happened. */
  happened(): void
  advance(ms: number): void
  /** Others do what a place waits for. */
  act(place: Omit<Place, 'node'>): Promise<void>
  /** Cancels a saga; without a name, the one that is under test. False where it does not run or can only go forwards. */
  cancel(child?: { readonly saga: string; readonly id: string }): Promise<boolean>
  /** Resolves when nothing more is written. */
  still(): Promise<void>
  /** Resolves when nothing more is written, first for whoever came last. */
  heldBack(): Promise<void>
}

export function refused(place: Place, { continueOn }: StepNode, refusal: Refusal): Tampering {
  return {
    how: `refused with ${refusal.refused}`,
    expects: continueOn.includes(refusal.refused) ? 'any' : 'compensated',
    refuses: (commandId, _command, run) => {
      if (commandId !== commandAt(place, 'do')) return undefined
      run.happened()
      return refusal
    },
  }
}

export function childCompensates(place: Place, { saga }: ChildNode): Tampering {
  return {
    how: 'the child compensated',
    expects: 'compensated',
    async append(commit, append, run) {
      const outcome = await append()
      const started = commit.events.find(({ type }) => type === '$ChildStarted')
      if (started && records(place, commit, '$ChildStarted') && outcome.status === 'written') {
        if (await run.cancel({ saga: saga.name, id: (started.data as { readonly id: string }).id })) run.happened()
      }
      return outcome
    },
  }
}

/** No answer comes, because the command never gets through. */
export function withheld(place: Place): Tampering {
  return {
    how: 'its command did not get through in time',
    expects: 'compensated',
    async append(commit, append, run) {
      if (!carriesOut(place, commit)) return await append()
      run.happened()
      throw new IndelibleError('store_full', 'The fault matrix lets nothing through.')
    },
  }
}

export function othersAct(place: Place, act: 'never' | 'late' | 'twice'): Tampering {
  const how = { never: 'nobody did it', late: 'it was done after the time', twice: 'it was done twice' }[act]
  const node = place.node as AwaitNode
  const expects = act === 'twice' ? 'completed' : node.otherwise === 'continue' ? 'any' : 'compensated'
  return { how, expects, others: { at: place, act } }
}

/** The command is carried out, and so much time passes until its answer comes. */
export function slowAnswer(place: Place, limit: number): Tampering {
  return {
    how: 'its answer was late',
    expects: 'completed',
    async append(commit, append, run) {
      const outcome = await append()
      if (!carriesOut(place, commit)) return outcome
      run.happened()
      run.advance(limit)
      return outcome
    },
  }
}

/** The command is carried out, its answer is lost, and so much time passes until it is sent again. */
export function answerLost(place: Place, ms: number): Tampering {
  let isLost = false
  return {
    how: ms > 0 ? 'its answer was lost until the time was over' : 'its answer was lost and it was sent again',
    expects: 'completed',
    async append(commit, append, run) {
      const outcome = await append()
      if (isLost || !carriesOut(place, commit)) return outcome
      isLost = true
      run.happened()
      run.advance(ms)
      throw new IndelibleError('io_failed', 'The fault matrix lost the answer.')
    },
  }
}

/** What others do happens directly before the saga begins to wait for it. */
export function early(place: Place): Tampering {
  let isDone = false
  return {
    how: 'it was done before the saga waited for it',
    expects: 'completed',
    async append(commit, append, run) {
      if (!isDone && records(place, commit, '$EventAwaited')) {
        isDone = true
        run.happened()
        await run.act(place)
        await run.still()
      }
      return await append()
    },
  }
}

export function reversed(place: Place): Tampering {
  let held = 0
  return {
    how: 'its commands were carried out in reverse order',
    expects: 'completed',
    async append(commit, append, run) {
      if (!commandsInside(place, commit)) return await append()
      if (++held === 2) run.happened()
      await run.heldBack()
      return await append()
    },
  }
}

/** The process dies at each commit of the place, and at each that takes it back. */
export function crashes(
  place: Place,
  { commits, isWritten }: { readonly commits: readonly Commit[]; readonly isWritten: boolean },
): readonly Tampering[] {
  const when = `the process died ${isWritten ? 'after' : 'before'}`
  const forwards = (commit: Commit) =>
    carriesOut(place, commit) || (records(place, commit) && !takesBack(place, commit))
  const backwards = (commit: Commit) => takesBack(place, commit)
  const onTheWay = commits.filter(forwards).map(
    ({ events }, after): Tampering => ({
      how: `${when} the commit of ${events.map(({ type }) => type).join(', ')}`,
      expects: 'completed',
      crash: { after, written: isWritten, at: forwards },
    }),
  )
  const onTheWayBack = compensationOf(place.node)
    ? ['$CompensationSent', 'its compensation', '$CompensationDone'].map(
        (what, after): Tampering => ({
          ...compensating(place),
          how: `${when} the commit of ${what}`,
          crash: { after, written: isWritten, at: backwards },
        }),
      )
    : []
  return [...onTheWay, ...onTheWayBack]
}

export function compensationRefused(place: Place, refusal: Refusal): Tampering {
  const { refuses, ...forced } = compensating(place)
  return {
    ...forced,
    how: `its compensation was refused with ${refusal.refused}`,
    refuses: (commandId, command, run) => {
      if (commandId !== commandAt(place, 'compensate')) return refuses?.(commandId, command, run)
      run.happened()
      return refusal
    },
  }
}

/** The saga is cancelled as soon as the place is done. Where it can only go forwards then, the next command that may be refused is refused. */
export function compensating(place: Place): Tampering {
  let goesOn = false
  return {
    how: 'it was taken back',
    expects: 'compensated',
    refuses: (commandId, command) => {
      if (commandId === commandAt(place, 'compensate')) goesOn = false
      return goesOn && commandId.startsWith('$saga.') && commandId.endsWith(':do') ? refusalsOf(command)[0] : undefined
    },
    async append(commit, append, run) {
      const outcome = await append()
      if (outcome.status === 'written' && records(place, commit, '$StepDone', '$ChildEnded')) {
        goesOn = !(await run.cancel())
        await run.still()
      }
      return outcome
    },
  }
}

/** What takes a node back, if a command does. */
export function compensationOf(node: FlowNode): SagaSend | undefined {
  const compensate = node.kind === 'step' || node.kind === 'child' ? node.compensate : undefined
  return typeof compensate === 'object' ? compensate : undefined
}

/** How long a node waits for an answer, if it has a limit. */
export function limitMs(node: FlowNode): number | undefined {
  if (node.kind === 'step') return node.timeout === undefined ? undefined : durationMs(node.timeout)
  if (node.kind !== 'await' && node.kind !== 'ask') return undefined
  return node.within === 'forever' ? undefined : durationMs(node.within)
}

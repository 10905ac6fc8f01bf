// The columns of a matrix: what each fault means at each kind of node.
import type { Commit } from '../../store/port.ts'
import {
  answerLate,
  compensationAnswerLost,
  isOfService,
  isTakenBackByService,
  requestLate,
  requestLost,
  responseLost,
} from './asked-services.ts'
import type { Place } from './places.ts'
import { refusalsOf } from './refusal.ts'
import {
  answerLost,
  childCompensates,
  compensationOf,
  compensationRefused,
  crashes,
  early,
  limitMs,
  othersAct,
  refused,
  reversed,
  slowAnswer,
  type Tampering,
  withheld,
} from './tampering.ts'

export const faults = [
  'refused',
  'timeout',
  'late reply',
  'duplicate',
  'reordered',
  'crash before',
  'crash after',
  'compensation refused',
] as const

/**
 * - `refused`: the command of a step is refused, once with each refusal that it declares; a child compensates.
 * - `timeout`: no answer comes within the time that the node gives. To a service, the request is lost, or arrives after it was given up.
 * - `late reply`: the answer comes after that time. That of a service, too.
 * - `duplicate`: the answer to a command, or of a service to a step or its compensation, is lost, so that it is sent again; others do twice what is waited
 *   for.
 * - `reordered`: what is under way at the same time is carried out in reverse order; an event comes before the saga waits for it.
 * - `crash before`, `crash after`: the process dies before or after a commit of the node is written, once for each of its commits, and once for each that
 *   takes it back.
 * - `compensation refused`: the saga is cancelled after the node (where it can only go forwards then, the next command is refused), and what takes the node
 *   back is refused, once with each refusal, until a person resumes the saga.
 */
export type Fault = (typeof faults)[number]

/** Nothing where the fault cannot happen. `commits` are those of a run without faults. */
export function tamperingsOf(fault: Fault, place: Place, commits: readonly Commit[]): readonly Tampering[] {
  const { node } = place
  switch (fault) {
    case 'refused':
      if (node.kind === 'child') return [childCompensates(place, node)]
      return node.kind === 'step' ? refusalsOf(node.send.command).map((each) => refused(place, node, each)) : []
    case 'timeout':
      if (limitMs(node) === undefined) return []
      if (node.kind !== 'step') return [othersAct(place, 'never')]
      return isOfService(node) ? [requestLost(place), requestLate(place)] : [withheld(place)]
    case 'late reply': {
      const limit = limitMs(node)
      if (limit === undefined) return []
      if (node.kind !== 'step') return [othersAct(place, 'late')]
      const ofService = isOfService(node) ? [answerLate(place, limit), responseLost(place, limit)] : []
      return [slowAnswer(place, limit), answerLost(place, limit), ...ofService]
    }
    case 'duplicate':
      if (node.kind === 'await' || node.kind === 'ask') return [othersAct(place, 'twice')]
      return [
        ...(node.kind === 'step' ? [answerLost(place, 0)] : []),
        ...(isOfService(node) ? [responseLost(place, 0)] : []),
        ...(isTakenBackByService(node) ? [compensationAnswerLost(place)] : []),
      ]
    case 'reordered':
      if (node.kind === 'await') return [early(place)]
      return node.kind === 'each' || node.kind === 'parallel' ? [reversed(place)] : []
    case 'crash before':
    case 'crash after':
      return crashes(place, { commits, isWritten: fault === 'crash after' })
    case 'compensation refused': {
      const taken = compensationOf(node)
      return taken ? refusalsOf(taken.command).map((each) => compensationRefused(place, each)) : []
    }
  }
}

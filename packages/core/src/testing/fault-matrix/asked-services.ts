// What a saga asks of HTTP services in a run, and what a fault does to the requests and answers.
import { type AnyActivityType, isActivity } from '../../kernel/activities.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { FlowNode } from '../../kernel/processes/index.ts'
import type { Refusal } from '../../kernel/refusals.ts'
import type { Schema } from '../../kernel/schemas.ts'
import type { System } from '../../kernel/system.ts'
import type { SentCommand } from '../../runtime/processes/events.ts'
import type { ServiceConnection, ServiceRequest, ServiceResponse } from '../../runtime/services/connection.ts'
import type { Commit } from '../../store/port.ts'
import { commandAt, type Place } from './places.ts'
import type { ServiceConnections } from './scenario.ts'
import { type Asked, compensating, compensationOf, type TamperedRun, type Tampering } from './tampering.ts'

export interface TamperedServicesOptions {
  readonly run: TamperedRun
  readonly system: System
  /** All of the run so far. */
  readonly commits: readonly Commit[]
  readonly tampering: Tampering | undefined
}

/** The services with a fault before them. */
export function tamperedServices(
  services: ServiceConnections,
  { run, system, commits, tampering }: TamperedServicesOptions,
): ServiceConnections {
  const tampered = (service: ServiceConnection): ServiceConnection => ({
    async call(request, options) {
      const asked = askedBy(request)
      const type = asked.isGiveUp ? undefined : activityOf(asked, { system, commits })
      const refusal = type && tampering?.refuses?.(asked.commandId, type, run)
      if (refusal) return refusing(type, refusal)
      const ask = () => service.call(request, options)
      return await (tampering?.ask?.(asked, ask, run) ?? ask())
    },
  })
  return Object.fromEntries(Object.entries(services).map(([name, service]) => [name, tampered(service)]))
}

/** The activity, whose refusals may have any details: a sample may not fit the schema. */
export function withSamples(type: AnyActivityType): AnyActivityType {
  const refuses = type.refuses.map(({ reason, details }) => ({ reason, details: details && anything }))
  return Object.assign((id: string, input: unknown) => type(id, input), type, { refuses }) as AnyActivityType
}

const anything: Schema = {
  '~standard': { version: 1, vendor: 'indelible', validate: (value) => ({ value }) },
}

/** Whether a service does what a node does. */
export function isOfService(node: FlowNode): boolean {
  return node.kind === 'step' && isActivity(node.send.command)
}

/** Whether a service takes back what a node does. */
export function isTakenBackByService(node: FlowNode): boolean {
  const taken = compensationOf(node)
  return taken !== undefined && isActivity(taken.command)
}

/** The request never gets through, and giving up does. */
export function requestLost(place: Place): Tampering {
  return {
    how: 'its request did not get through in time',
    expects: 'compensated',
    async ask(asked, ask, run) {
      if (!asksFor(place, asked)) return await ask()
      run.happened()
      throw lost('request')
    },
  }
}

/** Each request was on its way when its caller aborted it, and arrives after it was given up. */
export function requestLate(place: Place): Tampering {
  const held: (() => Promise<unknown>)[] = []
  return {
    how: 'its request got through after it was given up',
    expects: 'compensated',
    async ask(asked, ask, run) {
      if (asksFor(place, asked)) {
        held.push(ask)
        throw lost('request')
      }
      const response = await ask()
      if (!isOf(place, asked)) return response
      run.happened()
      for (const arrive of held.splice(0)) await arrive().catch(() => {})
      return response
    },
  }
}

/** The service does it, and so much time passes until its answer comes. */
export function answerLate(place: Place, limit: number): Tampering {
  return {
    how: 'the answer of the service was late',
    expects: 'completed',
    async ask(asked, ask, run) {
      const response = await ask()
      if (!asksFor(place, asked)) return response
      run.happened()
      run.advance(limit)
      return response
    },
  }
}

/** The service does it, its answer is lost, and so much time passes until it is asked again. */
export function responseLost(place: Place, ms: number): Tampering {
  let isLost = false
  return {
    how:
      ms > 0
        ? 'the answer of the service was lost until the time was over'
        : 'the answer of the service was lost and it was asked again',
    expects: 'completed',
    async ask(asked, ask, run) {
      const response = await ask()
      if (isLost || !asksFor(place, asked)) return response
      isLost = true
      run.happened()
      run.advance(ms)
      throw lost('answer')
    },
  }
}

/** A service takes the step back, and its answer is lost. */
export function compensationAnswerLost(place: Place): Tampering {
  let isLost = false
  return {
    ...compensating(place),
    how: 'the answer of the service to its compensation was lost and it was asked again',
    async ask({ commandId }, ask, run) {
      const response = await ask()
      if (isLost || commandId !== commandAt(place, 'compensate')) return response
      isLost = true
      run.happened()
      throw lost('answer')
    },
  }
}

function askedBy({ idempotencyKey }: ServiceRequest): Asked {
  const [, commandId, giveUp] = /^[^:]*:(.*?)(:giveUp)?$/s.exec(idempotencyKey)!
  return { commandId: commandId!, isGiveUp: giveUp !== undefined }
}

/** A saga records what it sends before it sends it. What a policy sends is no node of the saga. */
function activityOf(
  { commandId }: Asked,
  { system, commits }: Pick<TamperedServicesOptions, 'system' | 'commits'>,
): AnyActivityType | undefined {
  const recorded = commits.flatMap(({ events }) => events.map(({ data }) => (data ?? {}) as Partial<SentCommand>))
  const sent = recorded.find((each) => each.commandId === commandId)?.command
  return system.activities.find(({ type, category }) => type === sent?.type && category === sent.category)
}

/** Whether it is asked to carry out the step, and not to give it up. */
function asksFor(place: Place, asked: Asked): boolean {
  return !asked.isGiveUp && isOf(place, asked)
}

function isOf(place: Place, { commandId }: Asked): boolean {
  return commandId === commandAt(place, 'do')
}

function refusing({ activity }: AnyActivityType, { refused, details }: Refusal): ServiceResponse {
  const [status] = Object.entries(activity.refusedBy).find(([, reason]) => reason === refused)!
  return { status: Number(status), body: details }
}

function lost(what: string): IndelibleError {
  return new IndelibleError('remote_unavailable', `The fault matrix lost the ${what}.`)
}

// What the declaration alone shows.
import type { NodeDescription, SagaDescription, SystemDescription } from '../schema/index.ts'
import type { Finding } from './finding.ts'
import { isCrud, isNotImperative, isPastTense, wordsOf } from './words.ts'

export function findingsInDeclaration(system: SystemDescription): readonly Finding[] {
  return [
    ...eventFindings(system),
    ...commandFindings(system),
    ...system.sagas.flatMap(sagaFindings),
    ...projectionFindings(system),
  ]
}

function eventFindings(system: SystemDescription): readonly Finding[] {
  const heard = new Set(system.remotes.flatMap(({ events }) => events))
  const things = new Set(system.aggregates.map(({ category }) => wordsOf(category).join('')))
  return system.events.flatMap(({ type, emittedBy, handledBy, personal, schema }) => {
    const subject = `event ${type}`
    const found = (rule: Finding['rule'], message: string): Finding => ({ rule, subject, message, evidence: null })
    const isOurs = !heard.has(type)
    const isFollowed = handledBy.some(({ kind }) => kind !== 'aggregate')
    const unmarked = memberNames(schema).filter(
      (name) => looksPersonal(name) && !personal.some((path) => path.split('.').includes(name)),
    )
    return [
      ...(isOurs && !isPastTense(type) ? [found('event-past-tense', `"${type}" is not in the past tense.`)] : []),
      ...(isOurs && isCrud(type, things)
        ? [found('event-crud', `"${type}" says that data are different, not what happened.`)]
        : []),
      ...(isFollowed || emittedBy.length === 0 || isAnswer(system, type)
        ? []
        : [found('event-unheard', `Nobody follows "${type}".`)]),
      ...(personal.length > 0
        ? [found('personal-without-erasure', `"${type}" has personal data: ${personal.join(', ')}.`)]
        : []),
      ...unmarked.map(
        (name): Finding => ({
          rule: 'personal-unmarked',
          subject: `member ${name} of event ${type}`,
          message: `The member "${name}" of "${type}" looks like personal data.`,
          evidence: null,
        }),
      ),
    ]
  })
}

/** What a service answered is followed by the step that asked for it. */
function isAnswer({ activities }: SystemDescription, type: string): boolean {
  return activities.some(({ emits }) => emits.includes(type))
}

function commandFindings({ commands }: SystemDescription): readonly Finding[] {
  return commands.flatMap(({ category, type, aggregate, refuses, visibility }) => {
    const subject = `command ${category}/${type}`
    const found = (rule: Finding['rule'], message: string): Finding => ({ rule, subject, message, evidence: null })
    return [
      ...(isNotImperative(type)
        ? [found('command-imperative', `"${type}" does not tell anybody to do something.`)]
        : []),
      // Only sagas and code send an internal one, and what takes something back must not be refused.
      ...(aggregate !== null && visibility === 'public' && refuses.length === 0
        ? [found('command-never-refused', `"${type}" can never be refused.`)]
        : []),
    ]
  })
}

function sagaFindings({ name, owner, flow }: SagaDescription): readonly Finding[] {
  const ownerless: Finding = {
    rule: 'saga-without-owner',
    subject: `saga ${name}`,
    message: `Nobody owns the saga "${name}".`,
    evidence: null,
  }
  return [...(owner === null ? [ownerless] : []), ...stepFindings(name, flow, false)]
}

/** Today nothing after it can be refused: `defineSystem` sees to that. Whoever adds a refusal there finds that the way back is missing. */
function stepFindings(saga: string, flow: readonly NodeDescription[], isFollowed: boolean): readonly Finding[] {
  return flow.flatMap((node, index) => {
    const goesOn = isFollowed || index < flow.length - 1
    if (node.kind === 'each') return stepFindings(saga, node.flow, goesOn)
    if (node.kind === 'parallel' || node.kind === 'choose')
      return Object.values(node.branches).flatMap((each) => stepFindings(saga, each, goesOn))
    if ((node.kind !== 'step' && node.kind !== 'child') || node.compensatesWith !== null || !goesOn) return []
    const message = `Steps follow "${node.name}" of the saga "${saga}", and nothing takes it back.`
    return [
      { rule: 'step-without-compensation', subject: `step ${node.name} of saga ${saga}`, message, evidence: null },
    ]
  })
}

function projectionFindings({ projections }: SystemDescription): readonly Finding[] {
  return projections
    .filter(({ declaresStaleness }) => !declaresStaleness)
    .map(({ name, stalenessTargetMs }) => ({
      rule: 'projection-without-staleness',
      subject: `projection ${name}`,
      message: `"${name}" has the default staleness target of ${stalenessTargetMs} ms.`,
      evidence: null,
    }))
}

/** The names of all members in a JSON Schema, however deep. */
function memberNames(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const { properties } = schema as { readonly properties?: unknown }
  const own =
    typeof properties === 'object' && properties !== null && !Array.isArray(properties) ? Object.keys(properties) : []
  return [...new Set([...own, ...Object.values(schema).flatMap(memberNames)])]
}

/** Words that name somebody, or how to reach them. A bare "name" may be that of a product. */
function looksPersonal(name: string): boolean {
  const words = wordsOf(name)
  return words.some((word) => personalWords.has(word)) || personalPhrases.has(words.join(' '))
}

const personalWords: ReadonlySet<string> = new Set([
  'email',
  'mail',
  'phone',
  'telephone',
  'mobile',
  'firstname',
  'lastname',
  'surname',
  'birthday',
  'birthdate',
  'ssn',
  'passport',
  'iban',
  'gender',
  'nationality',
  'religion',
  'diagnosis',
  'street',
  'postcode',
  'zipcode',
])
const personalPhrases: ReadonlySet<string> = new Set([
  'first name',
  'last name',
  'full name',
  'family name',
  'given name',
  'date of birth',
  'birth date',
  'ip address',
  'home address',
  'postal code',
  'zip code',
  'social security number',
  'credit card',
  'card number',
])

// The list of the instances of sagas, and the story of one.
import { systemClock } from '../kernel/system-clock.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import { instantSchema, objectOf } from './json-schemas.ts'
import { pageDefault, pageMax, sagasExaminedMax } from './limits.ts'
import { operation } from './operation.ts'
import { oneOf, required, text, wholeNumber } from './parameters.ts'
import { listedSagas, type SagaListed, type SagaPage, sagaStatuses } from './saga-list.ts'
import { declaredSaga } from './saga-reading.ts'
import { type SagaStory, sagaStory } from './saga-story.ts'

const stepSchema = {
  type: 'object',
  required: ['step', 'for', 'since', 'until'],
  properties: {
    step: { type: 'string' },
    for: {
      enum: ['command', 'event', 'time', 'person', 'saga', 'operator'],
      description: 'What it waits for. operator: a person must resume the saga, because a compensation was refused.',
    },
    since: instantSchema,
    until: { type: ['string', 'null'], format: 'date-time', description: 'When the wait ends; null if it has no end.' },
  },
}

const listedProperties = {
  saga: { type: 'string' },
  id: { type: 'string' },
  status: { enum: sagaStatuses },
  definition: { type: 'integer', description: 'The version of the declaration that it began on.' },
  startedAt: instantSchema,
  ageMs: { type: 'integer' },
  steps: { type: 'array', items: stepSchema, description: 'Where it is.' },
  failure: { type: ['object', 'null'], description: 'Why the saga compensates.' },
  problem: {
    type: ['string', 'null'],
    description: 'Why it cannot go on until a person helps, as far as this process knows.',
  },
}

const nextSchema = { type: ['integer', 'null'] }

export const listSagas = operation({
  name: 'listSagas',
  effect: 'reads',
  needs: ({ name }) => ({ verb: 'read', saga: name }),
  parameters: {
    name: text({ description: 'Only instances of this saga.' }),
    status: oneOf(['all', 'open', ...sagaStatuses], {
      description: 'Only instances with this status. `open`: those that have not ended.',
    }),
    step: text({
      description: 'Only instances that are at this step: `lines[tea]/reserve`, or `lines/reserve` for every item.',
    }),
    olderThanMs: wholeNumber({ description: 'Only instances that started at least so long ago.' }),
    from: wholeNumber({
      min: 1,
      description: 'The position in the log where the page starts: `next` of the page before.',
    }),
    limit: wholeNumber({
      min: 1,
      max: pageMax,
      default: pageDefault,
      description: `The maximum number of instances on the page. A page examines at most ${sagasExaminedMax} instances, so that it may have fewer, or none, and a next page.`,
    }),
  },
  refusals: ['unknown_saga'],
  paging: { parameter: 'from', firstPageOnly: [] },
  describe: () => [
    {
      group: 'sagas',
      summary: 'Instances of sagas, oldest first',
      result: {
        description: 'A page of instances, and where the next page starts; null if this is the last page.',
        schema: objectOf({ sagas: { type: 'array', items: objectOf(listedProperties) }, next: nextSchema }),
      },
    },
  ],
  async run(running, filters, { sees }): Promise<SagaPage> {
    const { store, system } = running
    const page = await listedSagas({ store, sagas: system.sagas, nowMs: systemClock.now() }, filters)
    const seen = page.sagas.filter(({ saga, id }) => sees.saga(saga, id))
    return { ...page, sagas: await withProblems(running, seen) }
  },
})

export const sagaHistory = operation({
  name: 'sagaHistory',
  effect: 'reads',
  needs: ({ name, id }) => ({ verb: 'read', saga: name, id }),
  parameters: {
    name: required(text({ description: 'The name of the saga.' })),
    id: required(text({ description: 'The id of the stream whose event started it.' })),
    from: wholeNumber({
      min: 1,
      description: 'The position in the log where the page starts: `next` of the page before.',
    }),
    limit: wholeNumber({
      min: 1,
      max: pageMax,
      default: pageDefault,
      description: 'The maximum number of happenings on the page.',
    }),
  },
  refusals: ['invalid_stream_name', 'unknown_saga', 'saga_missing'],
  paging: { parameter: 'from', firstPageOnly: [] },
  describe: ({ sagas }) =>
    sagas.map(({ name }) => ({
      given: { name },
      group: 'sagas',
      summary: `What happened to one ${name}, and what comes next`,
      result: {
        description: 'A page of what happened, oldest first, and what comes next and when.',
        schema: objectOf({
          ...listedProperties,
          saga: { const: name },
          history: { type: 'array', items: happeningSchema },
          ahead: {
            type: 'array',
            items: objectOf({
              step: { type: 'string' },
              text: { type: 'string' },
              at: { type: ['string', 'null'], format: 'date-time' },
            }),
            description: 'What comes next, and when at the latest.',
          },
          next: nextSchema,
        }),
      },
    })),
  async run(running, { name, id, ...page }): Promise<SagaStory> {
    const { store, system } = running
    const saga = declaredSaga(system.sagas, name)
    const story = await sagaStory({ store, saga, id, nowMs: systemClock.now() }, page)
    return (await withProblems(running, [story]))[0]!
  },
})

/** With what the runners in this process know. */
async function withProblems<Listed extends SagaListed>(
  { consumers }: RunningSystem,
  listed: readonly Listed[],
): Promise<readonly Listed[]> {
  const problems = new Map<string, string>()
  for (const name of new Set(listed.map(({ saga }) => saga))) {
    const status = await consumers.show({ name })
    if (status.kind !== 'saga') continue
    for (const { sagaId, problem } of status.needsIntervention) problems.set(`${name} ${sagaId}`, problem)
  }
  return listed.map((each) => ({ ...each, problem: problems.get(`${each.saga} ${each.id}`) ?? null }))
}

export const happeningSchema = objectOf({
  position: { type: 'integer' },
  recordedAt: instantSchema,
  type: { type: 'string', description: 'The type of the event in the stream of the instance.' },
  kind: { enum: ['event', 'command', 'timer', 'person', 'saga', 'choice', 'end'] },
  step: { type: ['string', 'null'] },
  text: { type: 'string', description: 'What happened, in words.' },
  actor: { type: ['string', 'null'], description: 'Who decided it; null if the saga itself did.' },
  reason: { type: ['string', 'null'], description: 'Why, as the person said.' },
  data: {},
})

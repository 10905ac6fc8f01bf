// What the compiler finds out about activities. The assertions hold when the types are checked.
import { type ActivityType, type NoDetails, type RecordedEvent, type Refusal, saga } from 'indelible'
import { type FaultMatrixOptions, fakeService, faultMatrix } from 'indelible/testing'
import { expectTypeOf, test } from 'vitest'
import { DeliverParcel, ParcelDelivered, WeighParcel } from './parcels.ts'

type Weighed = RecordedEvent<'ParcelPosted', { to: string; grams: number }>

test('an activity takes what its schema takes, records its event, and is refused as it declares by status', () => {
  expectTypeOf(WeighParcel).toEqualTypeOf<
    ActivityType<
      'WeighParcel',
      { to: string; grams?: number | undefined },
      Refusal<'NoScales', NoDetails> | Refusal<'TooHeavy', { gramsMax: number }>,
      Weighed
    >
  >()
})

test('a step that sends an activity has its input, its answer and its refusals', () => {
  saga('weighing', { startsOn: ParcelDelivered })
    .step('weigh', {
      command: WeighParcel,
      to: ({ signedBy }) => signedBy,
      input: ({ signedBy }) => ({ to: signedBy }),
      answer: ([event]) => {
        expectTypeOf(event).toEqualTypeOf<Weighed | undefined>()
        return { grams: event!.data.grams }
      },
      continueOn: ['TooHeavy'],
      compensate: 'nothing',
    })
    .step('deliver', {
      command: DeliverParcel,
      to: () => 'copy',
      input: (_data, { answers }) => {
        expectTypeOf(answers.weigh).toEqualTypeOf<{ grams: number } | Refusal<'TooHeavy', { gramsMax: number }>>()
        return { signedBy: 'refused' in answers.weigh ? `${answers.weigh.details.gramsMax}` : `${answers.weigh.grams}` }
      },
    })
})

test('the invariant of a fault matrix gets the services as they are made', () => {
  const matrix = (scenario: Omit<FaultMatrixOptions, 'services' | 'invariant'>) =>
    faultMatrix({
      ...scenario,
      services: () => ({ scales: { ...fakeService(() => ({ status: 200, body: {} })), weighings: [5] } }),
      invariant: async (_running, { services }) => {
        expectTypeOf(services.scales.weighings).toEqualTypeOf<number[]>()
      },
    })
  expectTypeOf(matrix).toBeFunction()
})

// What is wrong with an activity is said where it is declared.
import { activity, defineSystem, saga } from 'indelible'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Charged, mailing, Refund } from './charging.ts'
import { Ask, Asked, Write } from './notebook.ts'

const declared = { service: 'payments', input: z.object({}), call: 'POST /x', emits: Charged } as const
test.each<[string, () => unknown, RegExp]>([
  [
    'a request that is none',
    () => activity('A', { ...declared, call: 'SEND /x' as never }),
    /Write a method and a path/,
  ],
  [
    'a refusal by a status that is tried again',
    () => activity('A', { ...declared, refuses: { 429: 'Busy' } }),
    /status 429/,
  ],
  [
    'a refusal by the status of a request under way',
    () => activity('A', { ...declared, refuses: { 409: 'Exists' } }),
    /status 409/,
  ],
  ['a refusal by a status of success', () => activity('A', { ...declared, refuses: { 200: 'Fine' } }), /status 200/],
  [
    'no event',
    () => activity('A', { ...declared, emits: undefined as never }),
    /needs the event that records the answer/,
  ],
  [
    'a brace that is not closed',
    () => activity('A', { ...declared, call: 'POST /orders/{order' }),
    /Write a method and a path/,
  ],
  [
    'a status of a giving up that is not declared',
    () => activity('A', { ...declared, givenUpBy: [404] }),
    /Add giveUp: 'DELETE/,
  ],
  [
    'a giving up of nobody knows what',
    () => activity('A', { ...declared, giveUp: 'DELETE /x' }),
    /Put \{idempotencyKey\} into the path of "giveUp"/,
  ],
  [
    'a giving up by a status that says nothing',
    () => activity('A', { ...declared, giveUp: 'DELETE /x/{idempotencyKey}', givenUpBy: [409] }),
    /is given up by the status 409/,
  ],
  [
    'a GET of text, which would be lost',
    () => activity('A', { ...declared, input: z.string(), call: 'GET /x' }),
    /its input is not an object\. Use an object, or POST/,
  ],
  [
    'a DELETE of a list',
    () => activity('A', { ...declared, input: z.array(z.string()), call: 'DELETE /x' }),
    /its input is not an object/,
  ],
  [
    'a list in a query',
    () => activity('A', { ...declared, input: z.object({ ids: z.array(z.string()) }), call: 'GET /x' }),
    /puts "ids" of its input into the query of "GET \/x"/,
  ],
  [
    'an object in a path',
    () => activity('A', { ...declared, input: z.object({ at: z.object({}) }), call: 'POST /x/{at}' }),
    /puts "at" of its input into the path/,
  ],
  [
    'a member of the path that the input does not have',
    () => activity('A', { ...declared, input: z.object({ order: z.string() }), call: 'POST /orders/{ordre}' }),
    /has \{ordre\} in the path .* but its input has order\./,
  ],
  [
    'a member of giveUp that the input does not have',
    () => activity('A', { ...declared, giveUp: 'DELETE /x/{key}' }),
    /has \{key\} in the path of "DELETE \/x\/\{key\}", but its input has no members/,
  ],
  [
    'a step with a timeout, without giveUp',
    () =>
      defineSystem({
        name: 's',
        commands: [Ask],
        activities: [Refund],
        sagas: [
          saga('s', { startsOn: Asked }).step('refund', {
            command: Refund,
            to: () => 'a',
            input: () => ({ charge: 'c' }),
            timeout: '1m',
          }),
        ],
      }),
    /"refund" has a timeout/,
  ],
  [
    'a service with the name of an aggregate',
    () =>
      defineSystem({
        name: 's',
        commands: [Write],
        activities: [activity('A', { ...declared, service: 'page' })],
      }),
    /Give the service another name/,
  ],
  [
    'an activity that is not listed',
    () => defineSystem({ name: 's', commands: [Ask], policies: [mailing] }),
    /Add it to "activities"/,
  ],
])('%s is refused with what to write instead', (_what, declare, message) => {
  expect(declare).toThrow(message)
})

test.each<[string, () => unknown]>([
  [
    'a record, which may have any members',
    () => activity('A', { ...declared, input: z.record(z.string(), z.string()), call: 'GET /x/{any}' }),
  ],
  [
    'one of several objects',
    () =>
      activity('A', {
        ...declared,
        input: z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]),
        call: 'GET /x/{b}',
      }),
  ],
  [
    'a schema that says nothing of itself',
    () => activity('A', { ...declared, input: z.string().transform((text) => ({ text })), call: 'GET /x/{text}' }),
  ],
  ['no input', () => activity('A', { ...declared, input: z.null(), call: 'DELETE /x/{id}' })],
])('%s is taken', (_what, declare) => {
  expect(declare).not.toThrow()
})

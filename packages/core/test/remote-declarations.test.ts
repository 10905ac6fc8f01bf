// What is wrong with a declaration of another system is said before a start.
import { defineSystem, event, remoteSystem, saga } from 'indelible'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { commands, Open, other, PaidIn, PayIn, till, WireAsked, wiring } from './branches.ts'

const define = (parts: Partial<Parameters<typeof defineSystem>[0]>) =>
  defineSystem({ name: 'near', commands, remotes: [other], ...parts })

test('the commands and events of another system have types of their own', () => {
  expectTypeOf(other.commands.PayIn).toEqualTypeOf(PayIn)
  expectTypeOf(other.events.PaidIn.type).toEqualTypeOf<'other.PaidIn'>()
  expectTypeOf(other.events.PaidIn({ amount: 1 }).data).toEqualTypeOf<{ amount: number }>()
  // @ts-expect-error it was not declared
  expect(other.commands.Open).toBeUndefined()
  expect(other.commands.PayIn('b', { amount: 1 })).toEqual({
    type: 'PayIn',
    category: 'till',
    id: 'b',
    input: { amount: 1 },
    remote: 'other',
  })
})

test('a saga or policy that uses another system which is not listed is a finding', () => {
  expect(() => define({ sagas: [wiring], remotes: [] })).toThrow(
    'Step "payIn" of saga "wiring" sends "PayIn" to the other system "other", which the system does not list. Add it to "remotes".',
  )
  const hears = saga('hears', { startsOn: other.events.PaidIn }).sleep('rest', { for: '1s' })
  expect(() => define({ sagas: [hears], remotes: [] })).toThrow(
    'Saga "hears" handles "other.PaidIn", which no command here emits. List the command that does, or the other system that it comes from.',
  )
})

test('a name of the system that could be one of the other system is a finding', () => {
  const Odd = event('other.Odd', z.object({}))
  const odd = till.on(Odd, (state) => state).command('Do', { input: z.object({}), emits: [Odd], decide: () => Odd({}) })
  expect(() => defineSystem({ name: 'near', commands: [odd], remotes: [other] })).toThrow(
    'The event "other.Odd" begins with the name of the other system "other", but is none of its events. Rename it.',
  )
  expect(() => define({ remotes: [other, remoteSystem('other', { events: [PaidIn] })] })).toThrow(
    'There are two of the projections, sagas, policies, reactions, subscriptions and other systems "other".',
  )
})

test('a command that emits an event of another system is a finding', () => {
  const fake = till
    .on(other.events.PaidIn, (state) => state)
    .command('Fake', {
      input: z.object({ amount: z.int() }),
      emits: [other.events.PaidIn],
      decide: (_state, data) => other.events.PaidIn(data),
    })
  expect(() => defineSystem({ name: 'near', commands: [fake], remotes: [other] })).toThrow(
    'The command "till/Fake" emits "other.PaidIn", which only the other system "other" records.',
  )
})

const Hide = till.command('Hide', { input: z.object({}), emits: [], visibility: 'internal', decide: () => [] })

test.each([
  [() => remoteSystem('no name', {}), 'Another system is named "no name"'],
  [() => remoteSystem('far', { commands: [PayIn, PayIn] }), 'has two commands with the name "PayIn"'],
  [() => remoteSystem('far', { commands: [other.commands.PayIn] }), 'lists the command "PayIn" of "other"'],
  [() => remoteSystem('far', { events: [undefined as never] }), 'needs a list of declared events'],
  [() => remoteSystem('far', { from: 'today' as never }), 'write "now" or "beginning"'],
  [
    () =>
      remoteSystem('far', {
        commands: [Hide],
      }),
    'lists the command "Hide", which is internal there',
  ],
])('what cannot be declared says why: %#', (declare, message) => {
  expect(declare).toThrow(message)
})

test('a command of another system is no command of this one', () => {
  const { commands: own } = define({ sagas: [wiring] })
  expect(own).toEqual(commands)
  expect(own).toContain(Open)
  expect(WireAsked.type).toBe('WireAsked')
})

// A small domain with a saga for the tests: seats that are booked, paid for and confirmed by a person. The seat `stuck` cannot be given back.
import {
  type AnySaga,
  aggregate,
  defineSystem,
  event,
  type RunningSystem,
  refuse,
  type Schema,
  saga,
  startSystem,
} from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'

const TripAsked = event('TripAsked', anything<{ seat: string }>())
const SeatTaken = event('SeatTaken', anything<Record<string, never>>())
const SeatGivenBack = event('SeatGivenBack', anything<Record<string, never>>())
const trip = aggregate('trip', { initialState: {} }).on(TripAsked, (state) => state)
export const AskTrip = trip.command('AskTrip', {
  input: anything<{ seat: string }>(),
  emits: [TripAsked],
  decide: (_state, input) => TripAsked(input),
})
const seat = aggregate('seat', { initialState: { taken: 0 } })
  .on(SeatTaken, ({ taken }) => ({ taken: taken + 1 }))
  .on(SeatGivenBack, ({ taken }) => ({ taken: taken - 1 }))
const TakeSeat = seat.command('TakeSeat', {
  input: anything<{ seat: string }>(),
  emits: [SeatTaken],
  refuses: ['SeatIsTaken'],
  decide: ({ taken }) => (taken > 0 ? refuse('SeatIsTaken') : SeatTaken({})),
})
const GiveSeatBack = seat.command('GiveSeatBack', {
  input: anything<{ seat: string }>(),
  emits: [SeatGivenBack],
  refuses: ['SeatIsStuck'],
  decide: (_state, { seat }) => (seat === 'stuck' ? refuse('SeatIsStuck') : SeatGivenBack({})),
})

const take = {
  command: TakeSeat,
  to: ({ seat }: { seat: string }) => seat,
  input: ({ seat }: { seat: string }) => ({ seat }),
  compensate: {
    command: GiveSeatBack,
    to: ({ seat }: { seat: string }) => seat,
    input: ({ seat }: { seat: string }) => ({ seat }),
  },
}
const confirm = {
  owner: () => 'clerks',
  question: ({ seat }: { seat: string }) => `May seat ${seat} be sold?`,
  decision: anything<{ yes: boolean }>(),
  within: 'forever',
} as const

export const booking = saga('booking', { startsOn: TripAsked }).step('take', take).ask('confirm', confirm)
/** The same saga after its first step was renamed. */
export const renamed = saga('booking', { startsOn: TripAsked }).step('reserve', take).ask('confirm', confirm)
/** The renamed saga that also keeps the first version. */
export const kept = saga('booking', { startsOn: TripAsked, version: 2, owner: 'clerks', former: [booking] })
  .step('reserve', take)
  .ask('confirm', confirm)

export const systemWith = (booking: AnySaga) =>
  defineSystem({ name: 'trips', commands: [AskTrip, TakeSeat, GiveSeatBack], sagas: [booking] })

/** Requests trips, by id and seat, and waits until a person is asked about each. */
export async function askTrips(running: RunningSystem, trips: Readonly<Record<string, string>>): Promise<void> {
  for (const [id, seat] of Object.entries(trips)) {
    await running.send(AskTrip(id, { seat }))
    while ((await running.saga(booking, id))?.waiting.length !== 1) await new Promise((again) => setTimeout(again, 5))
  }
}

/** Writes a log with these trips. */
export async function appendTrips(dataDir: string, trips: Readonly<Record<string, string>>): Promise<void> {
  const { store, snapshots, consumers } = fileStorage({ dataDir, mode: 'run' })
  const running = startSystem(systemWith(booking), {
    store: await store(),
    snapshots: snapshots!,
    consumers: consumers!,
    tables: memoryTables(),
  })
  await askTrips(running, trips)
  await running.close()
}

function anything<Value>(): Schema<Value> {
  return { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Value }) } }
}

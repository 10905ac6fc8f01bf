// What must hold across aggregates while many clients write: facts that commands consult, and values that only one aggregate of a category may have.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  aggregate,
  type CommandOutcome,
  command,
  decisionModel,
  defineSystem,
  type EventStore,
  event,
  type RunningSystem,
  refusal,
  refuse,
  type System,
  startSystem,
} from 'indelible'
import { fileStore } from 'indelible/file'
import { stateAsOf } from 'indelible/history'
import { memorySnapshots, memoryStore } from 'indelible/memory'
import { decideAfter } from 'indelible/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'

const id = z.string()
const CourseDefined = event('CourseDefined', z.object({ course: id, capacity: z.int() }), {
  tags: { course: 'course' },
})
const StudentEnrolled = event('StudentEnrolled', z.object({ course: id, student: id }), {
  tags: { course: 'course', student: 'student' },
})

const course = aggregate('course', { initialState: { isDefined: false } }).on(CourseDefined, () => ({
  isDefined: true,
}))
const DefineCourse = course.command('DefineCourse', {
  input: z.object({ capacity: z.int() }),
  emits: [CourseDefined],
  decide: (_state, { capacity }, { id }) => CourseDefined({ course: id, capacity }),
})

const courseSeats = decisionModel('course_seats', { initialState: { free: 0 }, tags: ['course'] })
  .on(CourseDefined, (_state, { capacity }) => ({ free: capacity }))
  .on(StudentEnrolled, ({ free }) => ({ free: free - 1 }))
const enrolments = decisionModel('enrolments', { initialState: { courses: [] as string[] }, tags: ['student'] }).on(
  StudentEnrolled,
  ({ courses }, { course }) => ({ courses: [...courses, course] }),
)
const TooMany = refusal('TooMany', z.object({ courses: z.array(z.string()) }))

/** The limits: the seats of the course, and the courses of a student. */
const Enrol = command('Enrol', {
  category: 'enrolment',
  input: z.object({ course: id, student: id, coursesMax: z.int().default(100) }),
  emits: [StudentEnrolled],
  refuses: ['CourseFull', TooMany],
  consults: { seats: courseSeats.by({ course: 'course' }), already: enrolments.by({ student: 'student' }) },
  decide: ({ seats, already }, { course, student, coursesMax }) => {
    if (already.courses.length >= coursesMax) return TooMany({ courses: [...already.courses] })
    return seats.free < 1 ? refuse('CourseFull') : StudentEnrolled({ course, student })
  },
})
const school = defineSystem({ name: 'school', commands: [DefineCourse, Enrol] })

const courses = Array.from({ length: 8 }, (_, n) => `course-${n}`)
const students = Array.from({ length: 50 }, (_, n) => `student-${n}`)
const enrol = (course: string, student: string, coursesMax?: number) =>
  Enrol(`${course}-${student}`, { course, student, ...(coursesMax === undefined ? {} : { coursesMax }) })

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'indelible-consistency-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

/** By name: how many systems run on which store. */
const settings: readonly [string, number, () => Promise<EventStore>][] = [
  ['one system, in memory', 1, async () => memoryStore()],
  ['two systems on one store in memory', 2, async () => memoryStore()],
  ['one system, on disk', 1, () => fileStore({ dir: join(dir, 'log') })],
  ['two systems on one store on disk', 2, () => fileStore({ dir: join(dir, 'log') })],
]

/** Runs some systems on one store, which outlives them. */
async function together(
  system: System,
  { store, systems }: { store: EventStore; systems: number },
  work: (running: readonly RunningSystem[]) => Promise<void>,
): Promise<void> {
  const running = Array.from({ length: systems }, () =>
    startSystem(system, { store: { ...store, close: async () => {} }, snapshots: memorySnapshots() }),
  )
  try {
    await work(running)
  } finally {
    for (const each of running) await each.close()
    await store.close()
  }
}

async function eventsOf(store: EventStore, type: string) {
  return (await Array.fromAsync(store.read([{ types: [type] }]))).flatMap(({ events }) => events)
}

const countOf = <Value>(values: readonly Value[], value: Value) => values.filter((each) => each === value).length

/** The outcomes of commands: how many were accepted, refused for each reason, or ended in a conflict. */
function tally(outcomes: readonly CommandOutcome<never>[] | readonly CommandOutcome[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes as readonly CommandOutcome[]) {
    const what = outcome.status === 'refused' ? outcome.reason : outcome.status
    counts[what] = (counts[what] ?? 0) + 1
  }
  return counts
}

describe('facts that a command consults', () => {
  test.each(settings)('hold for 50 students who want the last seat of 8 courses: %s', async (_name, systems, open) => {
    const store = await open()
    await together(school, { store, systems }, async (running) => {
      for (const course of courses) await running[0]!.send(DefineCourse(course, { capacity: 1 }))
      const wishes = students.flatMap((student, n) =>
        courses.map((course) => running[n % systems]!.send(enrol(course, student))),
      )
      expect(tally(await Promise.all(wishes))).toEqual({ accepted: 8, CourseFull: 392 })
      const enrolled = (await eventsOf(store, 'StudentEnrolled')).map(({ data }) => (data as { course: string }).course)
      expect(enrolled.toSorted()).toEqual(courses)
    })
  })

  test.each(settings)('hold for several seats, and for two facts at once: %s', async (_name, systems, open) => {
    const store = await open()
    await together(school, { store, systems }, async (running) => {
      for (const course of courses) await running[0]!.send(DefineCourse(course, { capacity: 20 }))
      const wishes = students.flatMap((student, n) =>
        courses.map((course) => running[n % systems]!.send(enrol(course, student, 3))),
      )
      const outcomes = tally(await Promise.all(wishes))
      expect(outcomes).not.toHaveProperty('conflict')
      const enrolled = (await eventsOf(store, 'StudentEnrolled')).map(
        ({ data }) => data as { course: string; student: string },
      )
      expect(enrolled).toHaveLength(outcomes.accepted!)
      for (const course of courses)
        expect(
          countOf(
            enrolled.map((each) => each.course),
            course,
          ),
        ).toBeLessThanOrEqual(20)
      for (const each of students)
        expect(
          countOf(
            enrolled.map(({ student }) => student),
            each,
          ),
        ).toBeLessThanOrEqual(3)
      // No refusal was unfounded: a student who can take more courses was refused only where the course was full.
      const taken = (course: string) =>
        countOf(
          enrolled.map((each) => each.course),
          course,
        )
      for (const student of students) {
        const own = enrolled.filter((each) => each.student === student).map(({ course }) => course)
        if (own.length < 3) for (const course of courses) if (!own.includes(course)) expect(taken(course)).toBe(20)
      }
    })
  })

  test('come from the log, no matter who wrote it, also after a restart', async () => {
    const store = memoryStore()
    await together(school, { store, systems: 2 }, async ([one, two]) => {
      await one!.send(DefineCourse('a', { capacity: 2 }))
      expect(await two!.send(enrol('a', 'ann'))).toMatchObject({
        status: 'accepted',
        stream: 'enrolment-a-ann',
        version: 1,
      })
      const tags = ['course:a', 'student:ben']
      const data = { course: 'a', student: 'ben' }
      await store.append({ events: [{ stream: 'elsewhere-1', type: 'StudentEnrolled', data, tags }] })
      for (const each of [one, two])
        expect(await each!.send(enrol('a', 'cora'))).toMatchObject({ status: 'refused', reason: 'CourseFull' })
      const anew = startSystem(school, { store: { ...store, close: async () => {} } })
      expect(await anew.send(enrol('a', 'cora'))).toMatchObject({ status: 'refused', reason: 'CourseFull' })
      expect(await anew.send(enrol('b', 'ben', 1))).toMatchObject({ reason: 'TooMany', details: { courses: ['a'] } })
      await anew.close()
    })
  })

  test('that change while a command decides make it decide again on the new facts', async () => {
    const inner = memoryStore()
    let overtakes = 3
    const store: EventStore = {
      ...inner,
      async append(commit, options) {
        if (commit.events[0]!.type === 'StudentEnrolled' && overtakes-- > 0) {
          const data = { course: 'a', student: `other-${overtakes}` }
          const tags = ['course:a', `student:other-${overtakes}`]
          await inner.append({ events: [{ stream: `elsewhere-${overtakes}`, type: 'StudentEnrolled', data, tags }] })
        }
        return await inner.append(commit, options)
      },
    }
    // Watched code decides twice.
    const seen = new Set<number>()
    const Watched = command('Enrol', {
      category: 'enrolment',
      input: z.object({ course: id, student: id }),
      emits: [StudentEnrolled],
      refuses: ['CourseFull'],
      consults: { seats: courseSeats.by({ course: 'course' }) },
      decide: ({ seats: { free } }, data) => {
        seen.add(free)
        return free < 1 ? refuse('CourseFull') : StudentEnrolled(data)
      },
    })
    const system = defineSystem({ name: 'school', commands: [DefineCourse, Watched] })
    await using running = startSystem(system, { store })
    await running.send(DefineCourse('a', { capacity: 10 }))
    expect(await running.send(Watched('1', { course: 'a', student: 'ann' }))).toMatchObject({ status: 'accepted' })
    expect([...seen]).toEqual([10, 9, 8, 7])
    overtakes = 100
    expect(await running.send(Watched('2', { course: 'a', student: 'ben' }))).toMatchObject({ reason: 'CourseFull' })
    expect([...seen].slice(4)).toEqual([6, 5, 4, 3, 2, 1, 0])
    await running.send(DefineCourse('b', { capacity: 100 }))
  })

  test('that always change end in a conflict', async () => {
    const inner = memoryStore()
    let n = 0
    const store: EventStore = {
      ...inner,
      async append(commit, options) {
        if (commit.events[0]!.type === 'StudentEnrolled') {
          const tags = ['course:a', `student:other-${n}`]
          const data = { course: 'a', student: `other-${n}` }
          await inner.append({ events: [{ stream: `elsewhere-${n++}`, type: 'StudentEnrolled', data, tags }] })
        }
        return await inner.append(commit, options)
      },
    }
    await using running = startSystem(school, { store })
    await running.send(DefineCourse('a', { capacity: 1000 }))
    expect(await running.send(enrol('a', 'ann'))).toMatchObject({ status: 'conflict' })
  })

  test('that a command does not consult do not make it decide again', async () => {
    const inner = memoryStore()
    let conflicts = 0
    const store: EventStore = {
      ...inner,
      async append(commit, options) {
        const data = { course: 'b', student: 'ben' }
        const tags = ['course:b', 'student:ben']
        await inner.append({ events: [{ stream: 'elsewhere-1', type: 'StudentEnrolled', data, tags }] })
        // It has the tag, but not a type that the facts are made of.
        await inner.append({ events: [{ stream: 'elsewhere-1', type: 'Other', data: {}, tags: ['course:a'] }] })
        const outcome = await inner.append(commit, options)
        if (outcome.status === 'conflict') conflicts++
        return outcome
      },
    }
    await using running = startSystem(school, { store })
    await running.send(DefineCourse('a', { capacity: 1 }))
    expect(await running.send(enrol('a', 'ann'))).toMatchObject({ status: 'accepted' })
    expect(conflicts).toBe(0)
  })

  test('hold for an aggregate’s command in addition to its own state', async () => {
    const Opened = event('RegisterOpened', z.object({}))
    const register = aggregate('register', { initialState: { isOpen: false, students: 0 } })
      .on(Opened, (state) => ({ ...state, isOpen: true }))
      .on(StudentEnrolled, (state) => ({ ...state, students: state.students + 1 }))
    const Open = register.command('Open', { input: z.object({}), emits: [Opened], decide: () => Opened({}) })
    const Add = register.command('Add', {
      input: z.object({ course: id, student: id }),
      emits: [StudentEnrolled],
      refuses: ['Closed', 'CourseFull', 'RegisterFull'],
      consults: { seats: courseSeats.by({ course: 'course' }) },
      decide: ({ isOpen, students }, data, { facts }) => {
        if (!isOpen) return refuse('Closed')
        if (students >= 5) return refuse('RegisterFull')
        return facts.seats.free < 1 ? refuse('CourseFull') : StudentEnrolled(data)
      },
    })
    const store = memoryStore()
    const system = defineSystem({ name: 'school', commands: [DefineCourse, Open, Add] })
    await together(system, { store, systems: 2 }, async (running) => {
      await running[0]!.send(DefineCourse('a', { capacity: 12 }))
      expect(await running[0]!.send(Add('0', { course: 'a', student: 'ann' }))).toMatchObject({ reason: 'Closed' })
      const registers = ['0', '1', '2', '3']
      for (const each of registers) await running[0]!.send(Open(each, {}))
      const outcomes = await Promise.all(
        registers.flatMap((register) =>
          Array.from({ length: 8 }, (_, n) => running[n % 2]!.send(Add(register, { course: 'a', student: `s${n}` }))),
        ),
      )
      const { accepted, ...refused } = tally(outcomes)
      expect(accepted).toBe(12)
      expect(refused.CourseFull! + (refused.RegisterFull ?? 0)).toBe(20)
      for (const each of registers) {
        const { state } = await stateAsOf(store, register, { id: each })
        expect(state.students).toBeLessThanOrEqual(5)
      }
    })
  })

  test('of two commands that each read what the other writes, only one is carried out', async () => {
    const OffCall = event('WentOffCall', z.object({ ward: id, doctor: id }), {
      tags: { ward: 'ward', doctor: 'doctor' },
    })
    const Locked = event('WardLocked', z.object({ ward: id }), { tags: { ward: 'ward' } })
    const locks = decisionModel('locks', { initialState: { isLocked: false }, tags: ['ward'] }).on(Locked, () => ({
      isLocked: true,
    }))
    const absences = decisionModel('absences', { initialState: { count: 0 }, tags: ['ward'] }).on(
      OffCall,
      ({ count }) => ({ count: count + 1 }),
    )
    const GoOffCall = command('GoOffCall', {
      category: 'absence',
      input: z.object({ ward: id, doctor: id }),
      emits: [OffCall],
      refuses: ['Locked'],
      consults: { locks: locks.by({ ward: 'ward' }) },
      decide: ({ locks }, data) => (locks.isLocked ? refuse('Locked') : OffCall(data)),
    })
    const LockWard = command('LockWard', {
      category: 'lock',
      input: z.object({ ward: id }),
      emits: [Locked],
      refuses: ['SomebodyIsAway'],
      consults: { absences: absences.by({ ward: 'ward' }) },
      decide: ({ absences }, data) => (absences.count > 0 ? refuse('SomebodyIsAway') : Locked(data)),
    })
    const hospital = defineSystem({ name: 'hospital', commands: [GoOffCall, LockWard] })
    for (let round = 0; round < 20; round++) {
      const inner = memoryStore()
      // Neither is written before both have decided.
      const both = Promise.withResolvers<void>()
      let arrived = 0
      const store: EventStore = {
        ...inner,
        async append(commit, options) {
          if (++arrived >= 2) both.resolve()
          await both.promise
          return await inner.append(commit, options)
        },
      }
      await using running = startSystem(hospital, { store })
      const outcomes = await Promise.all([
        running.send(GoOffCall('1', { ward: 'w', doctor: 'ann' })),
        running.send(LockWard('1', { ward: 'w' })),
      ])
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['accepted', 'refused'])
      expect(arrived).toBe(2)
      expect((await inner.head()).position).toBe(1)
    }
  })

  test('a command without an aggregate is carried out once for its id, and reports a duplicate the second time', async () => {
    await using running = startSystem(school)
    await running.send(DefineCourse('a', { capacity: 1 }))
    const sent = await Promise.all(
      Array.from({ length: 10 }, () => running.send(enrol('a', 'ann'), { commandId: 'c' })),
    )
    expect(sent.filter((outcome) => outcome.status === 'accepted' && !outcome.duplicate)).toHaveLength(1)
    expect(sent.filter((outcome) => outcome.status === 'accepted' && outcome.duplicate)).toHaveLength(9)
    await expect(running.send(enrol('a', 'ben'), { commandId: 'c' })).rejects.toMatchObject({
      code: 'command_id_reused',
    })
    expect(await eventsOf(running.store, 'StudentEnrolled')).toMatchObject([
      { stream: 'enrolment-a-ann', tags: ['course:a', 'student:ann'], metadata: { commandId: 'c', causationId: 'c' } },
    ])
  })

  test('a command without an aggregate takes no expected version', async () => {
    await using running = startSystem(school)
    await expect(running.send(enrol('a', 'ann'), { expectedVersion: 0 })).rejects.toMatchObject({
      code: 'invalid_command',
      message: expect.stringContaining('has no aggregate'),
    })
  })

  test('an input that does not identify the facts is refused', async () => {
    const Odd = command('Odd', {
      category: 'odd',
      input: z.object({ course: z.string().nullable().optional() }),
      emits: [],
      consults: { seats: courseSeats.by({ course: 'course' }) },
      decide: () => [],
    })
    await using running = startSystem(defineSystem({ name: 's', commands: [DefineCourse, Odd] }))
    for (const input of [{}, { course: null }]) {
      await expect(running.send(Odd('1', input))).rejects.toMatchObject({
        code: 'invalid_command',
        message: expect.stringContaining('by the member "course" of its input'),
      })
    }
  })

  test('the code that folds facts obeys the third law', async () => {
    const offences = {
      clock: () => ({ free: Date.now() }),
      change: (state: { free: number }) => {
        state.free = 5
        return state
      },
    }
    for (const offend of Object.values(offences)) {
      const odd = decisionModel('odd', { initialState: { free: 0 }, tags: ['course'] }).on(CourseDefined, offend)
      const Ask = command('Ask', {
        category: 'odd',
        input: z.object({ course: id }),
        emits: [],
        consults: { odd: odd.by({ course: 'course' }) },
        decide: () => [],
      })
      await using running = startSystem(defineSystem({ name: 's', commands: [DefineCourse, Ask] }))
      await running.send(DefineCourse('a', { capacity: 1 }))
      await expect(running.send(Ask('1', { course: 'a' }))).rejects.toMatchObject({ code: 'impure_aggregate' })
    }
  })

  test('in a specification of a command, facts are folded from the given history', () => {
    const others = [CourseDefined({ course: 'a', capacity: 1 }), CourseDefined({ course: 'b', capacity: 1 })]
    const input = { course: 'a', student: 'ann' }
    expect(decideAfter([], Enrol, input, { others })).toEqual([StudentEnrolled(input)])
    const full = [...others, StudentEnrolled({ course: 'a', student: 'ben' })]
    expect(decideAfter([], Enrol, input, { others: full })).toEqual(refuse('CourseFull'))
    expect(decideAfter([], Enrol, { ...input, course: 'b' }, { others: full })).toHaveLength(1)
  })
})

const UserRegistered = event('UserRegistered', z.object({ email: z.string().nullable() }))
const EmailChanged = event('EmailChanged', z.object({ email: z.string().nullable() }))
const SeatTaken = event('SeatTaken', z.object({ seat: z.union([z.int(), z.string()]) }))
const Renamed = event('Renamed', z.object({ name: z.string() }))

interface User {
  readonly email: string | null
  readonly seat?: number | string
  readonly name: string
  readonly tags: readonly string[]
}
const user = aggregate('user', {
  initialState: { email: null, name: '', tags: [] } as User,
  unique: { email: 'EmailTaken', seat: 'SeatTaken' },
})
  .on(UserRegistered, (state, { email }, { tags = [] }) => ({ ...state, email, tags: [...state.tags, ...tags] }))
  .on(EmailChanged, (state, { email }, { tags = [] }) => ({ ...state, email, tags: [...state.tags, ...tags] }))
  .on(SeatTaken, (state, { seat }, { tags = [] }) => ({ ...state, seat, tags: [...state.tags, ...tags] }))
  .on(Renamed, (state, { name }) => ({ ...state, name }))
const email = z.string().nullable()
const Register = user.command('Register', {
  input: z.object({ email }),
  emits: [UserRegistered, Renamed],
  decide: (_state, data) => [UserRegistered(data, { tags: ['mine'] }), Renamed({ name: 'new' })],
})
const ChangeEmail = user.command('ChangeEmail', {
  input: z.object({ email }),
  emits: [EmailChanged],
  decide: (_state, data) => EmailChanged(data),
})
const TakeSeat = user.command('TakeSeat', {
  input: z.object({ seat: z.union([z.int(), z.string()]) }),
  emits: [SeatTaken],
  decide: (_state, data) => SeatTaken(data),
})
const Rename = user.command('Rename', {
  input: z.object({ name: z.string() }),
  emits: [Renamed],
  decide: (_state, data) => Renamed(data),
})
const Looked = refusal('Looked', z.any())
const Look = user.command('Look', {
  input: z.object({}),
  emits: [],
  refuses: [Looked],
  decide: (state) => Looked(state),
})
const club = defineSystem({ name: 'club', commands: [Register, ChangeEmail, TakeSeat, Rename, Look] })
const emails = Array.from({ length: 8 }, (_, n) => `user${n}@example.org`)
const taken = (value: string | number, field = 'email', reason = 'EmailTaken') => ({
  status: 'refused',
  reason,
  details: { field, value },
})

/** Which users have an email, according to the log. */
async function holders(store: EventStore): Promise<Map<string, string[]>> {
  const ids = new Set<string>()
  for await (const { events } of store.read([{ categories: ['user'] }]))
    for (const each of events) ids.add(each.streamId)
  const found = new Map<string, string[]>()
  for (const id of ids) {
    const { state } = await stateAsOf(store, user, { id })
    if (state.email !== null) found.set(state.email, [...(found.get(state.email) ?? []), id])
  }
  return found
}

describe('a value that must be unique', () => {
  test.each(settings)('is claimed by exactly one of 50 clients, 8 times at once: %s', async (_name, systems, open) => {
    const store = await open()
    await together(club, { store, systems }, async (running) => {
      const wishes = emails.flatMap((email, e) =>
        Array.from({ length: 50 }, (_, n) => running[n % systems]!.send(Register(`${e}-${n}`, { email }))),
      )
      const outcomes = await Promise.all(wishes)
      expect(tally(outcomes)).toEqual({ accepted: 8, EmailTaken: 392 })
      for (const [at, outcome] of outcomes.entries())
        if (outcome.status === 'refused') expect(outcome).toMatchObject(taken(emails[Math.floor(at / 50)]!))
      expect([...(await holders(store))].map(([email, ids]) => [email, ids.length]).sort()).toEqual(
        emails.map((email) => [email, 1]),
      )
    })
  })

  test.each(settings)(
    'is never held by two aggregates, whatever they change at the same time: %s',
    async (_name, systems, open) => {
      const store = await open()
      await together(club, { store, systems }, async (running) => {
        const people = Array.from({ length: 12 }, (_, n) => String(n))
        let draw = 1
        const next = (below: number) => {
          draw = (draw * 48271) % 2147483647
          return draw % below
        }
        for (let round = 0; round < 15; round++) {
          const outcomes = await Promise.all(
            people.map((person) => {
              const email = [...emails.slice(0, 5), null][next(6)]!
              return running[next(systems)]!.send(ChangeEmail(person, { email }))
            }),
          )
          expect(tally(outcomes)).not.toHaveProperty('conflict')
          for (const [email, ids] of await holders(store)) expect(ids, email).toHaveLength(1)
        }
      })
    },
  )

  test('is released by a change, can be claimed by another aggregate, and can return when it is released again', async () => {
    await using running = startSystem(club)
    const [x, y] = ['x@example.org', 'y@example.org']
    expect(await running.send(Register('ann', { email: x }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(Register('ben', { email: x }))).toMatchObject(taken(x))
    expect(await running.send(ChangeEmail('ann', { email: y }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(Register('ben', { email: x }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(ChangeEmail('ann', { email: x }))).toMatchObject(taken(x))
    expect(await running.send(ChangeEmail('ben', { email: y }))).toMatchObject(taken(y))
    expect(await running.send(ChangeEmail('ben', { email: null }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(ChangeEmail('ann', { email: x }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(ChangeEmail('cora', { email: y }))).toMatchObject({ status: 'accepted' })
    expect([...(await holders(running.store))].sort()).toEqual([
      [x, ['ann']],
      [y, ['cora']],
    ])
  })

  test('is not claimed if it is null, missing or unchanged', async () => {
    await using running = startSystem(club)
    for (const person of ['ann', 'ben', 'cora'])
      expect(await running.send(Register(person, { email: null }))).toMatchObject({ status: 'accepted' })
    await running.send(ChangeEmail('ann', { email: 'x@example.org' }))
    for (let n = 0; n < 3; n++) {
      expect(await running.send(ChangeEmail('ann', { email: 'x@example.org' }))).toMatchObject({ status: 'accepted' })
      expect(await running.send(Rename('ann', { name: String(n) }))).toMatchObject({ status: 'accepted' })
    }
    expect(await running.send(ChangeEmail('ben', { email: 'x@example.org' }))).toMatchObject(taken('x@example.org'))
    expect(await running.send(ChangeEmail('ben', { email: '' }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(ChangeEmail('cora', { email: '' }))).toMatchObject(taken(''))
  })

  test('may be a string or a number, which differ; each member has its own values', async () => {
    await using running = startSystem(club)
    expect(await running.send(TakeSeat('ann', { seat: 7 }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(TakeSeat('ben', { seat: '7' }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(TakeSeat('cora', { seat: 7 }))).toMatchObject(taken(7, 'seat', 'SeatTaken'))
    expect(await running.send(TakeSeat('cora', { seat: '7' }))).toMatchObject(taken('7', 'seat', 'SeatTaken'))
    expect(await running.send(ChangeEmail('cora', { email: '7' }))).toMatchObject({ status: 'accepted' })
  })

  test('that is neither a string nor a number is a fault of the code', async () => {
    const Tagged = event('Tagged', z.object({ tag: z.any() }))
    const thing = aggregate('thing', { initialState: { tag: undefined as unknown }, unique: { tag: 'Taken' } }).on(
      Tagged,
      (_state, { tag }) => ({ tag }),
    )
    const Tag = thing.command('Tag', { input: Tagged.schema, emits: [Tagged], decide: (_state, data) => Tagged(data) })
    await using running = startSystem(defineSystem({ name: 's', commands: [Tag] }))
    for (const tag of [{}, [], true])
      await expect(running.send(Tag('1', { tag }))).rejects.toMatchObject({ code: 'invalid_declaration' })
    expect((await running.store.head()).position).toBe(0)
  })

  test('may have any length, and readers of the log do not see it', async () => {
    await using running = startSystem(club)
    const email = `${'x'.repeat(5_000)}@example.org`
    expect(await running.send(Register('ann', { email }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(Register('ben', { email }))).toMatchObject(taken(email))
    const [batch] = await Array.fromAsync(running.store.read('all'))
    for (const { tags } of batch!.events) expect(tags.join()).not.toContain('example')
  })

  test('leaves the state after a replay as it was live: handlers see only their own tags', async () => {
    const store = memoryStore()
    const snapshots = memorySnapshots()
    const stay = { store: { ...store, close: async () => {} }, snapshots }
    const running = startSystem(club, stay)
    await running.send(Register('ann', { email: 'x@example.org' }))
    await running.send(ChangeEmail('ann', { email: 'y@example.org' }))
    await running.send(TakeSeat('ann', { seat: 7 }))
    const look = async (system: RunningSystem) => {
      const outcome = await system.send(Look('ann', {}))
      return outcome.status === 'refused' ? outcome.details : outcome
    }
    const live = await look(running)
    expect(live).toEqual({ email: 'y@example.org', name: 'new', seat: 7, tags: ['mine'] })
    await running.close()
    await using again = startSystem(club, stay)
    expect(await look(again)).toEqual(live)
    expect((await stateAsOf(store, user, { id: 'ann' })).state).toEqual(live)
    // And what was claimed before the restart is still claimed.
    expect(await again.send(Register('ben', { email: 'y@example.org' }))).toMatchObject(taken('y@example.org'))
    expect(await again.send(TakeSeat('ben', { seat: 7 }))).toMatchObject(taken(7, 'seat', 'SeatTaken'))
  })

  test('that was claimed under a command id is claimed once, and a repeated command gets the first outcome', async () => {
    await using running = startSystem(club)
    const send = () => running.send(Register('ann', { email: 'x@example.org' }), { commandId: 'c' })
    const first = await send()
    expect(first).toMatchObject({ status: 'accepted', duplicate: false })
    await running.send(ChangeEmail('ann', { email: null }))
    await running.send(Register('ben', { email: 'x@example.org' }))
    // It would be refused now.
    expect(await send()).toEqual({ ...first, duplicate: true })
  })

  test('of one category does not conflict with the same value of another category', async () => {
    const guest = aggregate('guest', { initialState: { email: '' }, unique: { email: 'EmailTaken' } }).on(
      EmailChanged,
      (_state, { email }) => ({ email: email ?? '' }),
    )
    const Invite = guest.command('Invite', {
      input: z.object({ email: z.string() }),
      emits: [EmailChanged],
      decide: (_state, data) => EmailChanged(data),
    })
    await using running = startSystem(defineSystem({ name: 's', commands: [...club.commands, Invite] }))
    expect(await running.send(Register('1', { email: 'x' }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(Invite('1', { email: 'x' }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(Invite('2', { email: 'x' }))).toMatchObject(taken('x'))
  })
})

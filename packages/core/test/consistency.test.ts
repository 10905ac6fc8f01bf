// What must hold across aggregates holds whoever writes at the same time: facts that commands consult, and values that only one aggregate may have.
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
  startSystem,
} from 'indelible'
import { fileStore } from 'indelible/file'
import { stateAsOf } from 'indelible/history'
import { memoryStore } from 'indelible/memory'
import { decideAfter } from 'indelible/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { temporaryDirectory } from '../src/file/test-support.ts'
import { parts } from './till.ts'

const kept = (store: EventStore): EventStore => ({ ...store, close: async () => {} })
const eventsIn = async (store: EventStore, type: string) =>
  (await Array.fromAsync(store.read([{ types: [type] }]))).flatMap(({ events }) => events)
const statusesOf = (outcomes: readonly Pick<CommandOutcome, 'status'>[]) => {
  const count = { accepted: 0, refused: 0, conflict: 0 }
  for (const { status } of outcomes) count[status]++
  return count
}

/** In an order that mixes what belongs together. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item, index) => ({ item, at: (index * 7919) % 104_729 }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

describe('commands that consult facts', () => {
  const enrolment = z.object({ course: z.string(), student: z.string() })
  const tags = { course: 'course', student: 'student' } as const
  const StudentEnrolled = event('StudentEnrolled', enrolment, { tags })
  const StudentLeft = event('StudentLeft', enrolment, { tags })
  const seats = decisionModel('course_seats', { initialState: { taken: 0 }, tags: ['course'] })
    .on(StudentEnrolled, ({ taken }) => ({ taken: taken + 1 }))
    .on(StudentLeft, ({ taken }) => ({ taken: taken - 1 }))
  const courses = decisionModel('student_courses', { initialState: { courses: [] as string[] }, tags: ['student'] })
    .on(StudentEnrolled, ({ courses }, { course }) => ({ courses: [...courses, course] }))
    .on(StudentLeft, ({ courses }, { course }) => ({ courses: courses.filter((each) => each !== course) }))
  const consults = { seats: seats.by({ course: 'course' }), own: courses.by({ student: 'student' }) }
  const CourseFull = refusal('CourseFull', z.object({ taken: z.int() }))
  const Enrol = command('Enrol', {
    category: 'enrolment',
    input: enrolment,
    emits: [StudentEnrolled],
    refuses: [CourseFull, 'StudentBusy'],
    consults,
    decide: ({ seats, own }, input) => {
      if (seats.taken > 0) return CourseFull({ taken: seats.taken })
      return own.courses.length > 0 ? refuse('StudentBusy') : StudentEnrolled(input)
    },
  })
  const Leave = command('Leave', {
    category: 'enrolment',
    input: enrolment,
    emits: [StudentLeft],
    refuses: ['NotEnrolled'],
    consults: { own: consults.own },
    decide: ({ own }, input) => (own.courses.includes(input.course) ? StudentLeft(input) : refuse('NotEnrolled')),
  })
  const school = defineSystem({ name: 'school', commands: [Enrol, Leave] })
  const enrol = (student: string, course: string) => Enrol(`${course}.${student}`, { course, student })

  /** That no course has two students, and no student two courses, as the log has it. */
  async function pairs(store: EventStore) {
    const enrolled = (await eventsIn(store, 'StudentEnrolled')).map(({ data }) => data as z.infer<typeof enrolment>)
    expect(new Set(enrolled.map(({ course }) => course)).size).toBe(enrolled.length)
    expect(new Set(enrolled.map(({ student }) => student)).size).toBe(enrolled.length)
    return enrolled.length
  }

  const fifty = Array.from({ length: 50 }, (_, n) => n)
  const eight = [0, 1, 2, 3, 4, 5, 6, 7]

  test('of 8 students at once for each of 50 courses with one seat, each course gets exactly one', async () => {
    await using running = startSystem(school, parts())
    const asked = fifty.flatMap((course) => eight.map((student) => enrol(`${course}-${student}`, `c${course}`)))
    const outcomes = await Promise.all(shuffled(asked).map((each) => running.send(each)))
    expect(statusesOf(outcomes)).toEqual({ accepted: 50, refused: 350, conflict: 0 })
    expect(new Set(outcomes.map((each) => (each.status === 'refused' ? each.reason : 'none')))).toEqual(
      new Set(['none', 'CourseFull']),
    )
    expect(await pairs(running.store)).toBe(50)
  })

  test('of 8 courses at once for each of 50 students, each student gets exactly one', async () => {
    await using running = startSystem(school, parts())
    const asked = fifty.flatMap((student) => eight.map((course) => enrol(`s${student}`, `${student}-${course}`)))
    const outcomes = await Promise.all(shuffled(asked).map((each) => running.send(each)))
    expect(statusesOf(outcomes)).toEqual({ accepted: 50, refused: 350, conflict: 0 })
    expect(await pairs(running.store)).toBe(50)
  })

  test.each(['memory', 'file'])(
    'the same by two systems on one store, which do not know of each other: %s',
    async (kind) => {
      const store = kind === 'memory' ? memoryStore() : await fileStore({ dir: temporaryDirectory() })
      const systems = [
        startSystem(school, parts({ store: kept(store) })),
        startSystem(school, parts({ store: kept(store) })),
      ]
      const asked = fifty.flatMap((course) => eight.map((student) => enrol(`${course}-${student}`, `c${course}`)))
      const outcomes = await Promise.all(shuffled(asked).map((each, at) => systems[at % 2]!.send(each)))
      expect(statusesOf(outcomes)).toEqual({ accepted: 50, refused: 350, conflict: 0 })
      expect(await pairs(store)).toBe(50)
      await Promise.all(systems.map((each) => each.close()))
      await store.close()
    },
  )

  test('whatever crosses: 50 students and 50 courses at random by two systems, and nobody is in two places', async () => {
    const store = memoryStore()
    const systems = [
      startSystem(school, parts({ store: kept(store) })),
      startSystem(school, parts({ store: kept(store) })),
    ]
    const asked = Array.from({ length: 400 }, (_, n) =>
      enrol(`s${(n * 31) % 50}`, `c${(n * 17 + Math.floor(n / 50)) % 50}`),
    )
    const outcomes = await Promise.all(asked.map((each, at) => systems[at % 2]!.send(each)))
    const { accepted, refused, conflict } = statusesOf(outcomes)
    expect([accepted + refused + conflict, await pairs(store)]).toEqual([400, accepted])
    expect(accepted).toBeGreaterThan(25)
    await Promise.all(systems.map((each) => each.close()))
  })

  test('a decision on facts that are no longer so is made again, and one that keeps being overtaken is a conflict', async () => {
    const store = memoryStore()
    let overtakes = 3
    const overtaken: EventStore = {
      ...store,
      async append(commit, options) {
        if (overtakes-- > 0) {
          const data = { course: 'c', student: `other${overtakes}` }
          const type = overtakes % 2 === 0 ? 'StudentEnrolled' : 'StudentLeft'
          await store.append({
            events: [{ stream: 'enrolment-x', type, data, tags: ['course:c', `student:${data.student}`] }],
          })
        }
        return await store.append(commit, options)
      },
    }
    await using running = startSystem(school, parts({ store: overtaken }))
    // Enrolled, left, enrolled: the last decision sees one taken seat.
    expect(await running.send(enrol('s', 'c'))).toMatchObject({
      status: 'refused',
      reason: 'CourseFull',
      details: { taken: 1 },
    })
    const data = { course: 'other', student: 't' }
    const always: EventStore = {
      ...store,
      async append(commit, options) {
        await store.append({ events: [{ stream: 'enrolment-y', type: 'StudentLeft', data, tags: ['student:t'] }] })
        return await store.append(commit, options)
      },
    }
    await using hopeless = startSystem(school, parts({ store: kept(always) }))
    expect(await hopeless.send(enrol('t', 'd'))).toMatchObject({ status: 'conflict' })
    expect((await eventsIn(store, 'StudentEnrolled')).filter(({ stream }) => stream === 'enrolment-d.t')).toEqual([])
  })

  test('facts are of events with all of the tags, and of no others; what leaves makes room', async () => {
    await using running = startSystem(school, parts())
    expect(await running.send(enrol('a', 'c'))).toMatchObject({ status: 'accepted', version: 1 })
    expect(await running.send(enrol('b', 'c'))).toMatchObject({ status: 'refused', reason: 'CourseFull' })
    expect(await running.send(enrol('a', 'd'))).toMatchObject({ status: 'refused', reason: 'StudentBusy' })
    expect(await running.send(enrol('b', 'd'))).toMatchObject({ status: 'accepted' })
    expect(await running.send(Leave('x', { course: 'c', student: 'b' }))).toMatchObject({ reason: 'NotEnrolled' })
    expect(await running.send(Leave('x', { course: 'c', student: 'a' }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(enrol('a', 'c'))).toMatchObject({ status: 'accepted', version: 2 })
  })

  test('a command that is sent again with its id gets the first outcome, also where it would be refused by now', async () => {
    await using running = startSystem(school, parts())
    const first = await running.send(enrol('a', 'c'), { commandId: 'e' })
    expect(await running.send(enrol('a', 'c'), { commandId: 'e' })).toEqual({ ...first, duplicate: true })
    await expect(running.send(enrol('a', 'd'), { commandId: 'e' })).rejects.toMatchObject({ code: 'command_id_reused' })
    const outcomes = await Promise.all(fifty.map(() => running.send(enrol('b', 'd'), { commandId: 'f' })))
    expect(outcomes.filter((each) => each.status === 'accepted' && !each.duplicate)).toHaveLength(1)
    expect(await pairs(running.store)).toBe(2)
    await expect(running.send(enrol('z', 'z'), { expectedVersion: 0 })).rejects.toMatchObject({
      code: 'invalid_command',
    })
  })

  test('the test of a decision folds the same facts from the events that it is given', () => {
    const taken = StudentEnrolled({ course: 'c', student: 'a' })
    expect(decideAfter([], Enrol, { course: 'c', student: 'b' }, { others: [taken] })).toEqual(CourseFull({ taken: 1 }))
    expect(decideAfter([], Enrol, { course: 'd', student: 'a' }, { others: [taken] })).toEqual(refuse('StudentBusy'))
    const free = { course: 'd', student: 'b' }
    expect(decideAfter([], Enrol, free, { others: [taken] })).toEqual([StudentEnrolled(free)])
  })
})

describe('write skew', () => {
  const duty = z.object({ doctor: z.string(), shift: z.string() })
  const DutyBegun = event('DutyBegun', duty, { tags: { shift: 'shift' } })
  const DutyEnded = event('DutyEnded', duty, { tags: { shift: 'shift' } })
  const onDuty = decisionModel('on_duty', { initialState: { doctors: [] as string[] }, tags: ['shift'] })
    .on(DutyBegun, ({ doctors }, { doctor }) => ({ doctors: [...doctors, doctor] }))
    .on(DutyEnded, ({ doctors }, { doctor }) => ({ doctors: doctors.filter((each) => each !== doctor) }))
  const doctor = aggregate('doctor', { initialState: { shifts: [] as string[] } })
    .on(DutyBegun, ({ shifts }, { shift }) => ({ shifts: [...shifts, shift] }))
    .on(DutyEnded, ({ shifts }, { shift }) => ({ shifts: shifts.filter((each) => each !== shift) }))
  const input = z.object({ shift: z.string() })
  const BeginDuty = doctor.command('BeginDuty', {
    input,
    emits: [DutyBegun],
    decide: (_state, { shift }, { id }) => DutyBegun({ doctor: id, shift }),
  })
  const EndDuty = doctor.command('EndDuty', {
    input,
    emits: [DutyEnded],
    refuses: ['NotOnDuty', 'LastOnDuty'],
    consults: { ward: onDuty.by({ shift: 'shift' }) },
    decide: ({ shifts }, { shift }, { id, facts }) => {
      if (!shifts.includes(shift)) return refuse('NotOnDuty')
      return facts.ward.doctors.length === 1 ? refuse('LastOnDuty') : DutyEnded({ doctor: id, shift })
    },
  })
  const ward = defineSystem({ name: 'ward', commands: [BeginDuty, EndDuty] })

  test.each([1, 2])('is refused: of two doctors who both want to go, one stays, in %i systems', async (count) => {
    const store = memoryStore()
    const systems = Array.from({ length: count }, () => startSystem(ward, parts({ store: kept(store) })))
    const of = (at: number) => systems[at % count]!
    for (let shift = 0; shift < 50; shift++) {
      for (const [at, id] of ['ann', 'ben'].entries()) await of(at).send(BeginDuty(id, { shift: `${shift}` }))
    }
    const asked = Array.from({ length: 50 }, (_, shift) =>
      ['ann', 'ben'].map((id, at) => of(at).send(EndDuty(id, { shift: `${shift}` }))),
    )
    const outcomes = await Promise.all(asked.map((each) => Promise.all(each)))
    for (const pair of outcomes) {
      expect(pair.filter(({ status }) => status === 'accepted').length).toBeLessThanOrEqual(1)
      for (const each of pair) if (each.status === 'refused') expect(each.reason).toBe('LastOnDuty')
    }
    // A busy aggregate may be overtaken too often; whoever asks again is told how it is.
    for (let shift = 0; shift < 50; shift++)
      for (const [at, id] of ['ann', 'ben'].entries()) await of(at).send(EndDuty(id, { shift: `${shift}` }))
    expect(await eventsIn(store, 'DutyEnded')).toHaveLength(50)
    expect(
      new Set((await eventsIn(store, 'DutyEnded')).map(({ data }) => (data as { shift: string }).shift)).size,
    ).toBe(50)
    await Promise.all(systems.map((each) => each.close()))
  })
})

describe('a value that only one aggregate of a kind may have', () => {
  const Registered = event('Registered', z.object({ email: z.string().nullable(), badge: z.int().optional() }))
  const EmailChanged = event('EmailChanged', z.object({ email: z.string().nullable() }))
  interface Person {
    email: string | null
    badge: number | undefined
    isKnown: boolean
  }
  const initialState: Person = { email: null, badge: undefined, isKnown: false }
  const person = aggregate('person', { initialState, unique: { email: 'EmailTaken', badge: 'BadgeTaken' } })
    .on(Registered, (_state, { email, badge }) => ({ email, badge, isKnown: true }))
    .on(EmailChanged, (state, { email }) => ({ ...state, email }))
  const Register = person.command('Register', {
    input: Registered.schema,
    emits: [Registered],
    refuses: ['AlreadyRegistered'],
    decide: ({ isKnown }, data) => (isKnown ? refuse('AlreadyRegistered') : Registered(data)),
  })
  const ChangeEmail = person.command('ChangeEmail', {
    input: EmailChanged.schema,
    emits: [EmailChanged],
    decide: (_state, data) => EmailChanged(data),
  })
  /** There and back again, in one commit. */
  const Swap = person.command('Swap', {
    input: z.object({ emails: z.array(z.string().nullable()) }),
    emits: [EmailChanged],
    decide: (_state, { emails }) => emails.map((email) => EmailChanged({ email })),
  })
  const people = defineSystem({ name: 'people', commands: [Register, ChangeEmail, Swap] })
  const stateOf = async (store: EventStore, id: string) => (await stateAsOf(store, person, { id })).state

  /** Every email as the states have it, by whom; throws nothing, so that the test may say what is wrong. */
  async function emails(store: EventStore, ids: readonly string[]): Promise<string[]> {
    const states = await Promise.all(ids.map((id) => stateOf(store, id)))
    return states.flatMap(({ email }) => email ?? []).sort()
  }

  const claims = Array.from({ length: 50 }, (_, n) =>
    Array.from({ length: 8 }, (_, by) => ({ id: `${n}-${by}`, email: `e${n}@x` })),
  ).flat()

  test.each([
    ['one system', 1, 'memory'],
    ['two systems', 2, 'memory'],
    ['two systems and a file', 2, 'file'],
  ] as const)('of 8 at once for each of 50 values, each value gets exactly one: %s', async (_what, count, kind) => {
    const store = kind === 'memory' ? memoryStore() : await fileStore({ dir: temporaryDirectory() })
    const systems = Array.from({ length: count }, () => startSystem(people, parts({ store: kept(store) })))
    const outcomes = await Promise.all(
      shuffled(claims).map(({ id, email }, at) => systems[at % count]!.send(Register(id, { email }))),
    )
    expect(statusesOf(outcomes)).toEqual({ accepted: 50, refused: 350, conflict: 0 })
    for (const each of outcomes) {
      if (each.status !== 'refused') continue
      const [, number] = /^person-(\d+)-/.exec(each.stream)!
      expect(each).toMatchObject({ reason: 'EmailTaken', details: { field: 'email', value: `e${number}@x` } })
    }
    expect(
      await emails(
        store,
        claims.map(({ id }) => id),
      ),
    ).toEqual([...new Set(claims.map(({ email }) => email))].sort())
    await Promise.all(systems.map((each) => each.close()))
    await store.close()
  })

  const register = (running: RunningSystem, id: string, email: string | null, badge?: number) =>
    running.send(Register(id, { email, ...(badge === undefined ? {} : { badge }) }))

  test('is released by the change that takes it away, and can be claimed again', async () => {
    await using running = startSystem(people, parts())
    await register(running, 'ann', 'a@x')
    const taken = { status: 'refused', reason: 'EmailTaken', details: { field: 'email', value: 'a@x' } }
    expect(await register(running, 'ben', 'a@x')).toMatchObject(taken)
    await running.send(ChangeEmail('ann', { email: 'b@x' }))
    expect(await register(running, 'ben', 'a@x')).toMatchObject({ status: 'accepted' })
    expect(await running.send(ChangeEmail('ann', { email: 'a@x' }))).toMatchObject(taken)
    await running.send(ChangeEmail('ben', { email: null }))
    // Not who has it last, but who has it now.
    expect(await running.send(ChangeEmail('ann', { email: 'a@x' }))).toMatchObject({ status: 'accepted' })
    expect(await register(running, 'cyd', 'b@x')).toMatchObject({ status: 'accepted' })
    expect(await running.send(ChangeEmail('ben', { email: 'b@x' }))).toMatchObject({ reason: 'EmailTaken' })
    // To keep what one has is no claim.
    expect(await running.send(ChangeEmail('ann', { email: 'a@x' }))).toMatchObject({ status: 'accepted' })
  })

  test('null and undefined claim nothing, and each member is a name of its own', async () => {
    await using running = startSystem(people, parts())
    for (const id of ['a', 'b', 'c']) expect(await register(running, id, null)).toMatchObject({ status: 'accepted' })
    expect(await register(running, 'd', '7', 7)).toMatchObject({ status: 'accepted' })
    expect(await register(running, 'e', '8', 7)).toMatchObject({
      status: 'refused',
      reason: 'BadgeTaken',
      details: { field: 'badge', value: 7 },
    })
    // It was refused as a whole.
    expect(await register(running, 'f', '8', 8)).toMatchObject({ status: 'accepted' })
    expect(await register(running, 'g', '', 0)).toMatchObject({ status: 'accepted' })
    expect(await register(running, 'h', '', 9)).toMatchObject({ status: 'refused', reason: 'EmailTaken' })
  })

  test('only what a commit makes of the state counts, not what is on the way there', async () => {
    await using running = startSystem(people, parts())
    await register(running, 'ann', 'a@x')
    await register(running, 'ben', 'b@x')
    expect(await running.send(Swap('ann', { emails: ['b@x', 'c@x'] }))).toMatchObject({
      status: 'accepted',
      version: 3,
    })
    expect(await register(running, 'cyd', 'a@x')).toMatchObject({ status: 'accepted' })
    expect(await running.send(Swap('ben', { emails: [null, 'b@x'] }))).toMatchObject({ status: 'accepted' })
    expect(await register(running, 'dan', 'b@x')).toMatchObject({ status: 'refused' })
    expect(await running.send(Swap('ben', { emails: ['d@x', null] }))).toMatchObject({ status: 'accepted' })
    expect(await register(running, 'dan', 'b@x')).toMatchObject({ status: 'accepted' })
  })

  test('whatever is changed at once by two systems, no value is with two, and states that were folded live are those of a replay', async () => {
    const store = memoryStore()
    const seen: string[] = []
    const watching = aggregate('person', { initialState, unique: { email: 'EmailTaken', badge: 'BadgeTaken' } })
      .on(Registered, (_state, { email, badge }, { tags }) => {
        seen.push(...(tags ?? []))
        return { email, badge, isKnown: true }
      })
      .on(EmailChanged, (state, { email }, { tags }) => {
        seen.push(...(tags ?? []))
        return { ...state, email }
      })
    const Told = refusal('Told', z.any())
    const Tell = watching.command('Tell', {
      input: z.object({}),
      emits: [],
      refuses: [Told],
      decide: (state) => Told(state),
    })
    const Change = watching.command('ChangeEmail', {
      input: EmailChanged.schema,
      emits: [EmailChanged],
      decide: (_state, data) => EmailChanged(data),
    })
    const watched = defineSystem({ name: 'people', commands: [Change, Tell] })
    const start = () => startSystem(watched, parts({ store: kept(store), domainCode: 'trusted' }))
    const systems = [start(), start()]
    const ids = Array.from({ length: 20 }, (_, n) => `p${n}`)
    for (let round = 0; round < 10; round++) {
      const asked = ids.map((id, at) => {
        const pick = (at * 5 + round * 3) % 12
        return systems[(at + round) % 2]!.send(Change(id, { email: pick === 0 ? null : `e${pick}@x` }))
      })
      for (const each of await Promise.all(asked)) expect(each.status).not.toBe('conflict')
      const all = await emails(store, ids)
      expect(new Set(all).size, `round ${round}: ${all}`).toBe(all.length)
      expect(all.length).toBeGreaterThan(3)
    }
    const replaying = start()
    for (const id of ids) {
      const told = await Promise.all([...systems, replaying].map((each) => each.send(Tell(id, {}))))
      const states = told.map((each) => each.status === 'refused' && each.details)
      expect(states).toEqual(states.map(() => states[0]))
      expect(states[0]).toEqual(await stateOf(store, id))
    }
    // Nobody's code sees how claims are kept.
    expect(seen).toEqual([])
    await Promise.all([...systems, replaying].map((each) => each.close()))
  })

  test('what is not text or a number cannot be unique, and nothing is written', async () => {
    const Odd = event('Odd', z.object({ value: z.any() }))
    const odd = aggregate('odd', { initialState: { value: undefined as unknown }, unique: { value: 'Taken' } }).on(
      Odd,
      (_state, { value }) => ({ value }),
    )
    const SetValue = odd.command('SetValue', { input: Odd.schema, emits: [Odd], decide: (_state, data) => Odd(data) })
    await using running = startSystem(defineSystem({ name: 'odd', commands: [SetValue] }), parts())
    for (const value of [true, {}, ['a']]) {
      await expect(running.send(SetValue('1', { value }))).rejects.toMatchObject({ code: 'invalid_declaration' })
    }
    expect((await running.store.head()).position).toBe(0)
    // A number and its text are two values.
    expect(await running.send(SetValue('1', { value: 1 }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(SetValue('2', { value: '1' }))).toMatchObject({ status: 'accepted' })
    expect(await running.send(SetValue('3', { value: 1 }))).toMatchObject({ status: 'refused', reason: 'Taken' })
  })

  test('a command that is sent again with its id gets its first outcome, though its value is its own by now', async () => {
    await using running = startSystem(people, parts())
    const first = await running.send(ChangeEmail('ann', { email: 'a@x' }), { commandId: 'c' })
    await running.send(ChangeEmail('ann', { email: 'b@x' }))
    await running.send(ChangeEmail('ben', { email: 'a@x' }))
    expect(await running.send(ChangeEmail('ann', { email: 'a@x' }), { commandId: 'c' })).toEqual({
      ...first,
      duplicate: true,
    })
  })
})

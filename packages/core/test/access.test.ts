// Who may do what: every operation by every kind of principal, and what each sees.
import { type IndelibleError, isIndelibleError, type RunningSystem } from 'indelible'
import { type Operation, type OperationName, operations, type Principal } from 'indelible/operations'
import { describe, expect, test } from 'vitest'
import { Access } from '../src/access/index.ts'
import { soon } from './patience.ts'
import { matrix, Open, openVault, principals, vault, vaultAccess, type Who } from './vault.ts'

async function ask(running: RunningSystem, name: OperationName, input: object, principal: Principal): Promise<unknown> {
  try {
    return await (operations[name] as Operation).run(running, { ...input }, { principal })
  } catch (error) {
    if (!isIndelibleError(error)) throw error
    return error.code
  }
}

test('every operation has a row', () => {
  expect(Object.keys(matrix).sort()).toEqual(Object.keys(operations).sort())
})

describe('every operation is allowed to those who have a grant, and refused to all others', () => {
  test.each(Object.entries(principals) as [Who, Principal][])('%s', async (who, principal) => {
    const running = await openVault()
    const wrong: string[] = []
    // What changes something comes last, so that the others have something to see.
    const names = (Object.keys(matrix) as OperationName[]).sort((one, other) => effectOf(one) - effectOf(other))
    for (const name of names) {
      const { input, allowed } = matrix[name]
      const answer = await ask(running, name, input, principal)
      if ((answer === 'access_denied') === allowed.includes(who)) wrong.push(`${name}: ${JSON.stringify(answer)}`)
    }
    expect(wrong).toEqual([])
  })
})

function effectOf(name: OperationName): number {
  return operations[name].effect === 'changes' ? 1 : 0
}

test.each(['customer', 'otherCustomer', 'lostCustomer', 'analyst', 'operator', 'partner', 'admin', 'nobody'] as const)(
  'no answer has data that %s may not see, whatever it asks for',
  async (who) => {
    const running = await openVault()
    const hidden = { customer: ['bob secret', 'bob note'], otherCustomer: ['ann secret', 'ann note'] } as Record<
      Who,
      string[]
    >
    const secrets = hidden[who] ?? ['secret', ...(who === 'analyst' ? [] : ['ann note', 'bob note'])]
    for (const name of Object.keys(matrix) as OperationName[]) {
      for (const id of ['ann', 'bob']) {
        const input = JSON.parse(JSON.stringify(matrix[name].input).replaceAll('ann', id))
        const told = JSON.stringify(await ask(running, name, input, principals[who]))
        for (const secret of secrets) expect(told, `${name} of ${id}`).not.toContain(secret)
      }
    }
  },
)

test('personal members, recorded commands and what callers added are left out of events', async () => {
  const running = await openVault()
  const page = await operations.readStream.run(running, { stream: 'account-ann' }, { principal: principals.analyst })
  const [opened, deposited] = JSON.parse(JSON.stringify(page.events))
  expect(opened).toMatchObject({ type: 'AccountOpened', version: 1, data: {} })
  expect(Object.keys(opened.metadata).sort()).toEqual(['actor', 'causationId', 'commandId', 'correlationId'])
  // The first grant that fits decides: that of events, which leaves out no note.
  expect(deposited.data).toEqual({ amount: 10, note: 'ann note' })
  const { events } = await operations.readStream.run(
    running,
    { stream: 'account-ann' },
    { principal: principals.customer },
  )
  expect(JSON.stringify(events)).toContain('ann secret number')
})

test('a state has the members of the grant only', async () => {
  const running = await openVault()
  const asked = { category: 'account', id: 'ann' }
  const { state } = await operations.aggregateState.run(running, asked, { principal: principals.analyst })
  expect(state).toEqual({ balance: 10 })
})

describe('rows of a table', () => {
  const rowsFor = async (principal: Principal, input: object = {}) => {
    const running = await openVault()
    return await ask(running, 'selectRows', { name: 'accounts', ...input }, principal)
  }
  test('are those of the grant, whatever conditions the caller adds', async () => {
    const mine = { account_id: 'ann', holder: 'ann secret', balance: 10 }
    for (const where of [
      undefined,
      { account_id: 'ann' },
      { account_id: { in: ['ann', 'bob'] } },
      { balance: { gte: 1 } },
    ])
      expect(await rowsFor(principals.customer, where && { where })).toMatchObject({ rows: [mine], next: null })
    for (const where of [
      { account_id: 'bob' },
      { account_id: { in: ['bob'] } },
      { account_id: { ne: 'ann' } },
      { balance: 11 },
    ])
      expect(await rowsFor(principals.customer, { where })).toMatchObject({ rows: [], next: null })
    expect(await rowsFor(principals.customer, { position: 2 })).toMatchObject({ rows: [mine] })
    expect(await rowsFor(principals.customer, { position: 2, where: { account_id: 'bob' } })).toMatchObject({
      rows: [],
    })
  })
  test('have the columns of the grant, and nothing is found out by the others', async () => {
    expect(await rowsFor(principals.analyst)).toMatchObject({
      rows: [
        { account_id: 'ann', balance: 10 },
        { account_id: 'bob', balance: 10 },
      ],
    })
    expect(JSON.stringify(await rowsFor(principals.analyst))).not.toContain('holder')
    for (const asked of [{ where: { holder: 'ann secret' } }, { orderBy: ['-holder'] }])
      expect(await rowsFor(principals.analyst, asked)).toBe('access_denied')
  })
  test('page after page', async () => {
    const running = await openVault()
    const ask = (after?: string) =>
      operations.selectRows.run(running, { name: 'accounts', limit: 1, after }, { principal: principals.analyst })
    const first = await ask()
    expect((await ask(first.next!)).rows).toEqual([{ account_id: 'bob', balance: 10 }])
  })
})

test('conditions of commands look at the input', async () => {
  const running = await openVault()
  const send = (amount: unknown) =>
    ask(
      running,
      'sendCommand',
      { category: 'account', id: 'bob', command: 'Deposit', input: { amount } },
      { actor: 'carol' },
    )
  expect(await send(3)).toMatchObject({ status: 'accepted' })
  for (const amount of [4, undefined, null, [3], { valueOf: 3 }]) expect(await send(amount)).toBe('access_denied')
})

test('an idempotency key of another principal is refused, so that nobody takes the outcome for its own', async () => {
  const running = await openVault()
  const input = { category: 'account', id: 'ann', command: 'Deposit', input: { amount: 7 }, commandId: 'key-1' }
  expect(await ask(running, 'sendCommand', input, principals.customer)).toMatchObject({ duplicate: false })
  expect(await ask(running, 'sendCommand', input, principals.customer)).toMatchObject({ duplicate: true })
  expect(await ask(running, 'sendCommand', input, principals.teller)).toBe('command_id_reused')
})

test('a schedule of another principal is refused too, and nothing is told of it', async () => {
  const running = await openVault()
  const input = { category: 'account', id: 'ann', command: 'Deposit', input: { amount: 7 }, in: '1d', scheduleId: 's1' }
  expect(await ask(running, 'scheduleCommand', input, principals.customer)).toMatchObject({ duplicate: false })
  expect(await ask(running, 'scheduleCommand', input, principals.customer)).toMatchObject({ duplicate: true })
  for (const asked of [input, { ...input, input: { amount: 8 } }, { ...input, id: 'bob' }]) {
    const refused = operations.scheduleCommand.run(running, asked, { principal: principals.teller })
    await expect(refused).rejects.toMatchObject({
      code: 'schedule_id_reused',
      message: expect.not.stringMatching(/Deposit|ann|bob/),
    })
  }
})

test('whether a stream exists is told to those who see an event of it', async () => {
  const running = await openVault({
    grants: [
      { role: 'reader', may: 'read', events: ['Deposited'], where: { 'data.amount': 10 } },
      { role: 'writer', may: 'send', commands: ['*'] },
    ],
  })
  const reader = { actor: 'rita', roles: ['reader'] }
  await running.send(Open('carl', { owner: { name: 'carl', taxId: '1' } }))
  const read = (stream: string, more: object = {}) => ask(running, 'readStream', { stream, ...more }, reader)
  expect(await read('account-carl')).toBe('stream_missing')
  expect(await read('account-nobody')).toBe('stream_missing')
  expect(await read('account-ann', { limit: 1 })).toMatchObject({ events: [{ type: 'Deposited' }], next: null })
  const { position } = await running.store.head()
  expect(await read('account-ann', { from: position })).toMatchObject({ events: [], next: null })
})

test('why a command id was claimed is told to those who may claim', async () => {
  const running = await openVault()
  const claim = { commandId: 'late', reason: 'ann note', details: { of: 'ann secret' } }
  await ask(running, 'claimCommand', claim, principals.partner)
  const found = (principal: Principal) => ask(running, 'findCommand', { commandId: 'late' }, principal)
  expect(await found(principals.partner)).toMatchObject({ status: 'claimed', reason: 'ann note' })
  expect(await found(principals.otherCustomer)).toMatchObject({ status: 'claimed', reason: 'not shown', details: null })
})

test('what was refused is in the audit trail', async () => {
  const running = await openVault()
  await ask(running, 'readStream', { stream: 'account-bob' }, principals.customer)
  await soon(async () => {
    const { entries } = await operations.auditTrail.run(
      running,
      { outcome: 'denied' },
      { principal: principals.auditor },
    )
    expect(entries).toMatchObject([
      {
        outcome: 'denied',
        action: 'readStream',
        stream: 'account-bob',
        actor: 'ann',
        input: { stream: 'account-bob' },
      },
    ])
  })
})

test('a local principal may do everything, and so may everybody where no access is declared', async () => {
  const running = await openVault()
  const asked = { stream: 'account-ann' }
  expect((await operations.readStream.run(running, asked, { principal: { isLocal: true } })).events).toHaveLength(2)
  const open = await openVault(null as never)
  expect((await operations.readStream.run(open, asked)).events).toHaveLength(2)
})

describe('explain', () => {
  const access = Access.of(vault, vaultAccess)
  const withdraw = { verb: 'send', command: 'account.Deposit', id: 'bob', input: { amount: 5 } } as const
  test('names the grant that allows it, or why none does', () => {
    expect(access.explain(principals.teller, withdraw)).toMatchObject({
      isAllowed: true,
      by: { role: 'teller', may: 'send' },
    })
    const { considered, ...refused } = access.explain(principals.customer, withdraw)
    expect(refused).toMatchObject({ isAllowed: false, by: null })
    expect(considered.map(({ misfit }) => misfit)).toEqual([
      'id must be its attribute "account", "ann"',
      ...Array(3).fill('it allows to read'),
    ])
    expect(access.explain(principals.stranger, withdraw).reason).toBe('There is no grant for this principal.')
  })
})

describe('grants that cannot mean what they say are refused', () => {
  const problem = (grant: object) => {
    try {
      Access.of(vault, { grants: [grant as never] })
      return 'accepted'
    } catch (error) {
      expect((error as IndelibleError).code).toBe('config_invalid')
      return (error as IndelibleError).message.replace(/^Grant 1 of "access", .*?\}, /, '')
    }
  }
  test.each([
    [{ may: 'operate' }, 'needs one of "role", "principal" and "anyone: true".'],
    [{ role: 'a', principal: 'b', may: 'operate' }, 'needs one of "role", "principal" and "anyone: true".'],
    [
      { role: 'a', may: 'fly' },
      'has "may": "fly". It is one of send, read, decide, operate, audit, claim, administer, everything.',
    ],
    [{ role: 'a', may: 'operate', where: {} }, 'has "where", which a grant of this kind does not know.'],
    [
      { role: 'a', may: 'send', commands: ['account.Depsit'] },
      expect.stringContaining('names "account.Depsit" in "commands", which the system does not have'),
    ],
    [{ role: 'a', may: 'send', commands: [] }, 'needs a list of names as "commands".'],
    [
      { role: 'a', may: 'send', commands: ['*'], where: { amount: 1 } },
      expect.stringContaining('has a condition on "amount"'),
    ],
    [
      { role: 'a', may: 'send', commands: ['*'], where: { id: { attribut: 'x' } } },
      expect.stringContaining('has the condition {"attribut":"x"}'),
    ],
    [{ role: 'a', may: 'send', commands: ['*'], where: { id: [] } }, expect.stringContaining('has the condition []')],
    [{ role: 'a', may: 'read' }, 'may read, and names no streams, events, tables or sagas.'],
    [{ role: 'a', may: 'read', tables: ['acounts'] }, expect.stringContaining('names "acounts" in "tables"')],
    [
      { role: 'a', may: 'read', tables: ['accounts'], where: { acount: 'x' } },
      'names the column "acount", which accounts does not have.',
    ],
    [
      { role: 'a', may: 'read', tables: ['accounts'], columns: ['balance'] },
      'leaves out "account_id", which is of the key of accounts.',
    ],
    [
      { role: 'a', may: 'read', tables: ['accounts'], where: { holder: { startsWith: 'a' } } },
      expect.stringContaining('"startsWith" on the column "holder"'),
    ],
    [{ role: 'a', may: 'read', events: ['Depositd'] }, expect.stringContaining('names "Depositd" in "events"')],
    [{ role: 'a', may: 'read', sagas: ['chek'] }, expect.stringContaining('names "chek" in "sagas"')],
    [
      { role: 'a', may: 'read', streams: ['account'], persnal: true },
      'has "persnal", which a grant of this kind does not know.',
    ],
  ])('%j', (grant, expected) => {
    expect(problem(grant)).toEqual(expected)
  })
})

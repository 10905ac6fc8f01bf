import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { cli, ndjson, temporaryDirectory } from '../../../test/support.ts'

const bank = fileURLToPath(new URL('../../../../../examples/bank/indelible.config.ts', import.meta.url))

const grants = `[
  { role: 'customer', may: 'send', commands: ['account.WithdrawFunds'], where: { id: { attribute: 'account' } } },
  { role: 'customer', may: 'read', tables: ['account_balances'], columns: ['account_id', 'balance'], where: { account_id: { attribute: 'account' } } },
  { principal: 'alan', may: 'audit' },
]`

function configWith(access: string): string {
  const file = join(temporaryDirectory(), 'indelible.config.ts')
  writeFileSync(file, `import config from ${JSON.stringify(bank)}\nexport default { ...config, access: ${access} }\n`)
  return file
}

const config = () => configWith(`{ grants: ${grants} }`)

describe('list', () => {
  test('has a line for each grant', async () => {
    const { code, out } = await cli(['access', 'list', '--config', config()])
    expect(code).toBe(0)
    expect(out).toBe(
      [
        '  role customer   send account.WithdrawFunds, where id is its attribute "account"',
        '  role customer   read tables account_balances, only the columns account_id, balance, where account_id is its attribute "account"',
        '  principal alan  audit',
        '',
      ].join('\n'),
    )
  })
  test('says where there are none', async () => {
    expect((await cli(['access', 'list', '--config', bank])).out).toBe(
      'The config declares no access: whoever reaches the server may do everything.\n',
    )
  })
})

describe('explain', () => {
  const explain = (...args: readonly string[]) => cli(['access', 'explain', ...args, '--config', config()])
  const withdraw = ['sendCommand', 'category=account', 'id=a1', 'command=WithdrawFunds', 'input={"amount":5}']

  test('names the grant that allows a call', async () => {
    const { code, out } = await explain('ann', ...withdraw, '--role', 'customer', '--attribute', 'account=a1')
    expect(code).toBe(0)
    expect(out).toBe(
      'Allowed. A grant allows it.\n  role customer: send account.WithdrawFunds, where id is its attribute "account"\n',
    )
  })
  test('says why each grant of the principal does not allow it', async () => {
    const asked = ['ann', ...withdraw, '--role', 'customer', '--attribute', 'account=a2', '--attribute', 'account=a3']
    const { code, out } = await explain(...asked)
    expect(code).toBe(0)
    expect(out).toContain('Refused. None of its grants allows it.')
    expect(out).toContain('no: id must be its attribute "account", "a2" or "a3"')
    const [told] = ndjson((await explain(...asked, '--json')).out)
    expect(told).toMatchObject({ operation: 'sendCommand', isAllowed: false, by: null, considered: [{}, {}] })
  })
  test('a principal without a grant', async () => {
    expect((await explain('eve', 'auditTrail')).out).toBe('Refused. There is no grant for this principal.\n')
    expect((await explain('alan', 'auditTrail')).out).toContain('principal alan: audit')
  })
  test.each([
    [['ann', 'fly'], 'There is no operation "fly". There are sendCommand,'],
    [['ann', 'readStream'], '"stream" is missing.'],
    [['ann', 'readStream', 'stream'], 'The input is given as name=value, not "stream".'],
    [['ann', 'readStream', 'strem=a'], 'This operation has no parameter "strem".'],
  ])('%j is wrong usage', async (args, message) => {
    const { code, err } = await explain(...args)
    expect(code).toBe(2)
    expect(err).toContain(message)
  })
})

test('wrong grants are refused with the place and what there is', async () => {
  const file = configWith(`{ grants: [{ role: 'customer', may: 'read', tables: ['balances'] }] }`)
  const { code, err } = await cli(['access', 'explain', 'ann', 'auditTrail', '--config', file])
  expect(code).toBe(2)
  expect(err).toMatch(
    /Grant 1 of "access", .* names "balances" in "tables", which the system does not have\. It has account_balances/,
  )
})

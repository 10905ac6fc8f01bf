// The review as people and builds see it.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { appendTrips } from '../../test/sagas-domain.ts'
import { cli, ndjson, temporaryDirectory } from '../../test/support.ts'

const config = fileURLToPath(new URL('../../test/sagas-booking.config.ts', import.meta.url))

test('findings come by rule, with the reason and what to do, and it ends with 7', async () => {
  const { code, out, err } = await cli(['review', '--no-log', '--config', config])
  expect(code).toBe(7)
  expect(err).toMatch(/\d+ findings that the config does not accept/)
  expect(out).toMatch(
    /command-never-refused\n {2}command .*can never be refused\.\n(.*\n)* {2}Why: An aggregate exists/,
  )
  expect(out).toMatch(/The declarations were read, and no log\.\n$/)
})

test('the log is read where there is one', async () => {
  const data = temporaryDirectory()
  const review = () => cli(['review', '--data', data, '--config', config])
  expect((await review()).out).toContain('and no log.')
  await appendTrips(data, { t1: '1a', t2: '1b' })
  expect((await review()).out).toMatch(/The declarations and \d+ events of the log were read\./)
})

test('for programs there is a line for each finding, with its rule, subject, reason and advice', async () => {
  const { code, out } = await cli(['review', '--no-log', '--json', '--config', config])
  expect(code).toBe(7)
  for (const line of ndjson(out))
    expect(line).toMatchObject({
      about: 'finding',
      rule: expect.any(String),
      subject: expect.any(String),
      why: expect.any(String),
      todo: expect.any(String),
    })
})

test.each(['bank', 'orders'])('the example %s has no finding that it does not accept', async (example) => {
  const file = fileURLToPath(new URL(`../../../../examples/${example}/indelible.config.ts`, import.meta.url))
  const { code, out } = await cli(['review', '--no-log', '--config', file])
  expect({ code, out }).toEqual({
    code: 0,
    out: expect.stringMatching(/^Nothing to ask about\..* accepted by the config\.\n$/),
  })
})

describe('acceptances in the config', () => {
  const accepting = (accepted: string) => {
    const file = join(temporaryDirectory(), 'indelible.config.ts')
    const code = `import config from ${JSON.stringify(config)}\nexport default { ...config, review: { accepted: ${accepted} } }\n`
    writeFileSync(file, code)
    return cli(['review', '--no-log', '--config', file])
  }

  test.each([
    ['{}', 'is {}. Write a list'],
    ['[{ rule: "tidy", subject: "event A", reason: "x" }]', '"tidy" is no rule'],
    ['[{ rule: "event-crud", reason: "x" }]', 'needs the subject'],
    ['[{ rule: "event-crud", subject: "event A", reason: " " }]', 'needs a reason'],
  ])('that are not right are refused: %s', async (accepted, problem) => {
    const { code, err } = await accepting(accepted)
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(problem) })
  })
})

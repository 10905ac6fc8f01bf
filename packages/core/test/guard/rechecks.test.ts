// In production domain code is trusted. One of many decisions is made again after its events were appended, and a difference is told.
import { aggregate, defineSystem, event, type SystemNotice, startSystem } from 'indelible'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { parts } from '../till.ts'

const Drawn = event('Drawn', z.object({ number: z.number() }))

/** A lottery that draws with this function. */
function lottery(draw: () => number) {
  const lots = aggregate('lottery', { initialState: { drawn: [] as number[] } }).on(Drawn, (state, { number }) => ({
    drawn: [...state.drawn, number],
  }))
  return lots.command('Draw', { input: z.object({}), emits: [Drawn], decide: () => Drawn({ number: draw() }) })
}

async function noticesOf(draw: () => number, draws: number, recheckEvery?: number): Promise<readonly SystemNotice[]> {
  const notices: SystemNotice[] = []
  const Draw = lottery(draw)
  await using system = startSystem(
    defineSystem({ name: 'lottery', commands: [Draw] }),
    parts({
      domainCode: 'trusted',
      ...(recheckEvery === undefined ? {} : { recheckEvery }),
      onNotice: (notice) => void notices.push(notice),
    }),
  )
  for (let n = 0; n < draws; n++) expect(await system.send(Draw('1', {}))).toMatchObject({ status: 'accepted' })
  return notices
}

test('a decision that comes to something else is told once for its command, and no command fails', async () => {
  expect(await noticesOf(() => Math.random(), 5, 2)).toEqual([
    {
      kind: 'not repeatable',
      name: 'lottery/Draw',
      stream: 'lottery-1',
      reason: expect.stringMatching(/^\[0\]\.data\.number was 0\.\d+ and then 0\.\d+$/),
    },
  ])
})

test('so is one that fails the second time', async () => {
  let calls = 0
  const failing = () => {
    if (++calls === 2) throw new Error('no more numbers')
    return 1
  }
  expect(await noticesOf(failing, 1, 1)).toMatchObject([{ reason: 'it failed the second time: no more numbers' }])
})

test('pure decisions are not told, and of all decisions only one in a thousand is made again', async () => {
  let calls = 0
  const pure = () => {
    calls++
    return 7
  }
  expect(await noticesOf(pure, 1001)).toEqual([])
  expect(calls).toBe(1002)
})

test('it can be turned off', async () => {
  expect(await noticesOf(() => Math.random(), 1001, 0)).toEqual([])
})

import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Screen } from '../../test/support.ts'
import { outputTo } from './output.ts'
import { phaseBar } from './phase-bar.ts'

test('a phase has a bar with its rate and the remaining time; a phase without a total has only its name', async () => {
  const screen = new Screen(100)
  const bar = phaseBar(outputTo(screen))
  bar.update('Folding', 0, 1000)
  await pause(100)
  bar.update('Folding', 500, 1000)
  await pause(150)
  bar.update('Folding', 1000, 1000)
  bar.update('Writing', 1000, undefined)
  bar.clear()
  expect(screen.text).toMatch(/Folding ━{15} {15} 50% {2}[\d,]+ events\/s, 1 s left/)
  expect(screen.text).toMatch(/Folding ━{30} 100% {2}[\d,]+ events\/s, 0 s left.*Writing[^━]*$/s)
})

test('nothing is shown without a terminal or without a phase', () => {
  for (const screen of [new Screen(undefined), new Screen(100)]) {
    const bar = phaseBar(outputTo(screen))
    if (!screen.isTTY) bar.update('Folding', 0, 1000)
    bar.clear()
    expect(screen.text).toBe('')
  }
})

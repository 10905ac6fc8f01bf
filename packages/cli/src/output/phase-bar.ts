// A progress bar for work with several phases, on a terminal only. It shows the events per second and the remaining time of the phase.
import { SingleBar } from 'cli-progress'
import type { Output } from './output.ts'
import { formatNumber } from './text.ts'

export interface PhaseBar {
  /** `done` of `total` events. Without a total it shows only the name of the phase. */
  update(label: string, done: number, total: number | undefined): void
  /** Removes the bar from the screen. */
  clear(): void
}

export function phaseBar({ stream, isTerminal }: Output): PhaseBar {
  if (!isTerminal) return { update: () => {}, clear: () => {} }
  let shown: { label: string; bar: SingleBar; from: number; sinceMs: number } | undefined

  function begun(label: string, done: number, total: number | undefined) {
    shown?.bar.stop()
    const figures = total === undefined ? '' : ' {bar} {percentage}%  {rate}'
    const bar = new SingleBar({
      stream,
      format: `${label}${figures}`,
      barCompleteChar: '━',
      barIncompleteChar: ' ',
      barsize: 30,
      clearOnComplete: true,
      hideCursor: true,
    })
    bar.start(total ?? 1, done, { rate: '' })
    shown = { label, bar, from: done, sinceMs: performance.now() }
    return shown
  }

  return {
    update: (label, done, total) => {
      const { bar, from, sinceMs } = shown?.label === label ? shown : begun(label, done, total)
      if (total === undefined) return
      bar.setTotal(total)
      bar.update(done, { rate: rateText({ done: done - from, left: total - done, ms: performance.now() - sinceMs }) })
    },
    clear: () => shown?.bar.stop(),
  }
}

/** Empty as long as there is nothing to calculate it from. */
function rateText({ done, left, ms }: { done: number; left: number; ms: number }): string {
  if (done <= 0 || ms <= 0) return ''
  const perSecond = (1000 * done) / ms
  const seconds = Math.ceil(left / perSecond)
  const leftText = seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
  return `${formatNumber(Math.round(perSecond))} events/s, ${leftText} left`
}

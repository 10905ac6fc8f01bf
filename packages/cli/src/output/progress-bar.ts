// A progress bar for long reads, on a terminal only. It uses neither stdin nor signals, so that Ctrl-C reaches the command, which ends with the right exit code.
import { SingleBar } from 'cli-progress'
import type { Output } from './output.ts'
import { formatBytes } from './text.ts'

export interface ProgressBar {
  update(progress: { bytesDone: number; bytesTotal: number }): void
  /** Removes the bar from the screen. */
  clear(): void
}

export function progressBar({ stream, isTerminal }: Output, label: string): ProgressBar {
  if (!isTerminal) return { update: () => {}, clear: () => {} }
  const bar = new SingleBar({
    stream,
    format: `${label} {bar} {percentage}%  {done} of {all}, {eta_formatted} left`,
    barCompleteChar: '━',
    barIncompleteChar: ' ',
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
  })
  let isShown = false
  return {
    update: ({ bytesDone, bytesTotal }) => {
      const figures = { done: formatBytes(bytesDone), all: formatBytes(bytesTotal) }
      if (isShown) bar.update(bytesDone, figures)
      else bar.start(bytesTotal, bytesDone, figures)
      isShown = true
    },
    clear: () => bar.stop(),
  }
}

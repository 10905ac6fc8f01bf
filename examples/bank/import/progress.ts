// A progress bar on a terminal, and no output otherwise. On standard error, so that standard output has only the report.
import { SingleBar } from 'cli-progress'

export interface ImportProgress {
  readonly advance: (transactions: number) => void
  /** Says what is being done after the last transaction. */
  readonly say: (what: string) => void
  readonly end: () => void
}

export function importProgress(total: number): ImportProgress {
  if (!process.stderr.isTTY) return { advance: () => {}, say: () => {}, end: () => {} }
  const bar = new SingleBar({
    format: '{what} {bar} {value} of {total}, {eta_formatted} left',
    barCompleteChar: '━',
    barIncompleteChar: ' ',
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
    // The time left is judged by so many of the last transactions.
    etaBuffer: 5_000,
  })
  bar.start(total, 0, { what: 'Replaying transactions' })
  return {
    advance: (transactions) => bar.increment(transactions),
    say: (what) => bar.update({ what }),
    end: () => bar.stop(),
  }
}

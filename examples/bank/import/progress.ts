// A progress bar where somebody watches, silence where nobody does. On standard error, so that standard output stays the report's.
import { progress } from '@clack/prompts'

export interface ImportProgress {
  readonly advance: (transactions: number) => void
  readonly say: (what: string) => void
  readonly end: () => void
}

/** The bar is drawn anew after so many transactions. */
const drawEvery = 500

export function importProgress(total: number): ImportProgress {
  if (!process.stderr.isTTY) return { advance: () => {}, say: () => {}, end: () => {} }
  const bar = progress({ max: total, size: 30, output: process.stderr })
  const startedAt = performance.now()
  let done = 0
  let isOver = false
  bar.start('Replaying transactions')
  return {
    advance: (transactions) => {
      const before = Math.floor(done / drawEvery)
      done += transactions
      if (Math.floor(done / drawEvery) === before && done < total) return
      const perSecond = Math.round(done / ((performance.now() - startedAt) / 1000))
      const secondsLeft = Math.ceil((total - done) / perSecond)
      bar.advance(done - before * drawEvery, `${done} of ${total} transactions, ${perSecond}/s, ${secondsLeft} s left`)
    },
    say: (what) => bar.message(what),
    end: () => {
      if (!isOver) bar.stop('Import ended')
      isOver = true
    },
  }
}

// A progress bar for long reads. It touches neither stdin nor signals, so that Ctrl-C reaches the command and ends it with the right exit code.
import type { Output } from './output.ts'
import { bytesText } from './text.ts'

export interface ProgressBar {
  update(progress: { bytesDone: number; bytesTotal: number }): void
  /** Removes it from the screen. */
  clear(): Promise<void>
}

const redrawMs = 80

/** Draws nothing where there is no terminal. */
export function progressBar(output: Output, label: string): ProgressBar {
  let drawnAt = Number.NEGATIVE_INFINITY
  return {
    update({ bytesDone, bytesTotal }) {
      const now = performance.now()
      if (!output.isTerminal || now - drawnAt < redrawMs) return
      drawnAt = now
      void output.write(toLineStart + line(output, { label, bytesDone, bytesTotal }) + eraseRest)
    },
    async clear() {
      if (drawnAt > Number.NEGATIVE_INFINITY) await output.write(toLineStart + eraseRest)
    },
  }
}

function line(
  output: Output,
  { label, bytesDone, bytesTotal }: { label: string; bytesDone: number; bytesTotal: number },
): string {
  const share = bytesTotal === 0 ? 1 : Math.min(1, bytesDone / bytesTotal)
  const figures = `${String(Math.floor(share * 100)).padStart(3)}%  ${bytesText(bytesDone)} of ${bytesText(bytesTotal)}`
  // One cell stays free: some terminals go to the next line once the last one is filled.
  const width = Math.min(40, output.columns - label.length - figures.length - 5)
  if (width < 5) return `${label} ${figures}`.slice(0, output.columns - 1)
  const done = Math.round(share * width)
  return `${label} ${output.paint('green', '━'.repeat(done))}${output.paint('dim', '━'.repeat(width - done))} ${figures}`
}

const toLineStart = '\r'
const eraseRest = '\x1b[K'

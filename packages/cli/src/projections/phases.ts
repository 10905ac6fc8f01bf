// The texts for the phases of a rebuild.
import type { RebuildProgress } from 'indelible'

type Phase = RebuildProgress['phase']

export const phaseLabels: Readonly<Record<Phase, string>> = {
  folding: 'Folding the log',
  writing: 'Writing the rows',
  verifying: 'Checking against a second fold',
  'catching up': 'Catching up',
  replacing: 'Replacing the live table',
}

/** The total of a phase; undefined for a phase without progress. */
export function extentOf({ phase, total }: RebuildProgress): number | undefined {
  return phase === 'writing' || phase === 'replacing' ? undefined : total
}

/** `folding, 40%` */
export function phaseText(progress: RebuildProgress): string {
  const extent = extentOf(progress)
  return extent ? `${progress.phase}, ${Math.floor((100 * progress.done) / extent)}%` : progress.phase
}

// Everything that is printed: streams, text for a terminal, tables, progress bars, lines of events.
export { eventLines } from './event-lines.ts'
export { type Output, type OutputStream, outputTo } from './output.ts'
export { type PhaseBar, phaseBar } from './phase-bar.ts'
export { progressBar } from './progress-bar.ts'
export { ago, causeText, changeText, outcomeText, rowsText, valueText } from './story.ts'
export { table } from './table.ts'
export {
  escapeControls,
  formatBytes,
  formatCount,
  formatMicroseconds,
  formatNumber,
  formatSeconds,
  jsonLine,
  padToCells,
  truncate,
} from './text.ts'

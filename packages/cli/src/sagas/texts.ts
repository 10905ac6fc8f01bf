// The words for where a saga is.
import type { SagaStep } from 'indelible/operations'

/** 12s, 5m, 2h, 7d */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`
}

/** `Signed until 2026-01-01T00:30:00.000Z` */
export function waitText(step: SagaStep): string {
  return step.until === null ? subjectOf(step) : `${subjectOf(step)} until ${step.until}`
}

function subjectOf(step: SagaStep): string {
  switch (step.for) {
    case 'command':
      return `the answer of ${step.to} to ${step.commandType}`
    case 'event':
      return `the event ${step.eventType}`
    case 'time':
      return 'a time'
    case 'person':
      return `a decision of ${step.owner}`
    case 'saga':
      return `the saga ${step.saga} ${step.id}`
    case 'operator':
      return `sagas resume: it could not be taken back (${step.reason})`
  }
}

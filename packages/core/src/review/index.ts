// `indelible/review`: what an experienced colleague would ask about a declared system and its log.

export { type Acceptance, type Finding, type ReviewRule, reviewRules } from './finding.ts'
export { type Review, type ReviewOptions, reviewOf } from './review.ts'
export {
  type CommandUse,
  type LogUse,
  reviewedEventsDefault,
  type StreamLength,
  type UseOptions,
  useOf,
} from './use.ts'

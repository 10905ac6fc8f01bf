// What would be if the past were different.
export type { AddedCommand, OtherPast } from './changes.ts'
export type { OtherDecision, PlayOptions } from './player.ts'
export { type StateWhatIf, WhatIf, type WhatIfOptions, whatIf } from './what-if.ts'

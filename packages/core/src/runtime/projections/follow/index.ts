// A table that follows the log.
export { fillGaps } from './fill-gaps.ts'
export { type FollowEnd, type FollowOptions, follow } from './follow.ts'

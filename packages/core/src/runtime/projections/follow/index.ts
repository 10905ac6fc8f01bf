// A table that follows the log.
export { type FollowEnd, type FollowOptions, follow } from './follow.ts'

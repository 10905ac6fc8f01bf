// Live feeds: what happens in a system, as it happens.
export type { EventEntry } from './event-tail.ts'
export type { HealthEntry } from './health-feed.ts'
export { LiveFeeds } from './live-feeds.ts'
export { endMessage, type FeedBatch, type FeedMessage, type LiveFeed } from './message.ts'
export type { View } from './window.ts'

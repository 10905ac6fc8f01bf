// Calls between threads: one side asks, the other answers, and errors arrive as they were thrown. On floor 0 beside the kernel, so that every floor may
// use it; unlike the kernel it needs Node's threads.
export { type CallOptions, ThreadClient, type ThreadClientOptions } from './client.ts'
export { type ErrorMessage, errorFrom, errorMessage } from './error-message.ts'
export { giveWay } from './give-way.ts'
export type { Input, Methods, Result } from './messages.ts'
export { type CallContext, type Handlers, type ServeOptions, serve, type ThreadServer } from './serve.ts'
export { startWorker } from './start-worker.ts'

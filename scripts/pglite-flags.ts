/** For processes that run PGlite in tests: what they have it do is short, and to compile it well would cost more than it saves. */
export const pgliteFlags = ['--liftoff-only'] as const

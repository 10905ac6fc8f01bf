/** For processes that run PGlite in tests: their statements are short, and optimised compilation would cost more than it saves. */
export const pgliteFlags = ['--liftoff-only'] as const

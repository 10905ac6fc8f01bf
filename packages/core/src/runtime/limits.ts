// Every bound of the runtime by name.

/** How often a command is decided again because something else was appended to its stream meanwhile. */
export const conflictRetriesMax = 10
/** Aggregates whose folded state is kept in memory between commands. */
export const cachedAggregatesMax = 10_000
/** A snapshot is made whenever an aggregate's version passes a multiple of this. */
export const snapshotEveryEvents = 100
/** The first wait after a fault; each further one is twice as long. */
export const retryDelayMsMin = 20
/** The longest wait between two tries. */
export const retryDelayMsMax = 5_000
/** How long a reader waits for a projection or saga when it does not say. */
export const waitTimeoutMsDefault = 5_000
/** The sagas of one kind that are driven at the same time; others queue. */
export const sagasAtOnceMax = 64

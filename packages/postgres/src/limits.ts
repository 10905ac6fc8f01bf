// All limits of the read tables in Postgres, by name. The thread of PGlite uses this file too, so it imports nothing.

/** The time limit of a statement. PGlite can only be stopped together with its thread. */
export const statementMsMax = 60_000
/** The time limit for one chunk of rows, which has at most 16 million characters. */
export const copyMsMax = 600_000
/** The time limit for indexes of many rows, and for the cleanup after many changes. */
export const indexMsMax = 3_600_000
/**
 * The time limit for opening PGlite. A new directory takes a few seconds, or minutes on an overloaded machine. After a crash PGlite reads its
 * write-ahead log. With a limit below that time it would never open.
 */
export const openMsMax = 300_000
/** The time limit of `close`: it waits for statements under way, and PGlite syncs its whole directory. Then connections and thread are cut off. */
export const closeMsMax = 30_000
/** The time limit for terminating a thread. It takes a moment, unless the disk does not answer. */
export const terminateMsMax = 5_000
/** After PGlite could not be opened, calls fail with the same error for this time, before another attempt. */
export const reopenMsMin = 2_000
/** The interval of the check whether a statement of PGlite has exceeded its time. */
export const deadlineCheckMs = 250
/** A client that is silent in a transaction for this time loses the transaction, because others wait for its locks. */
export const idleInTransactionMsMax = 3_000
/** The failed attempts to open a directory of PGlite after a crash, before it counts as damaged. Their cause may have been temporary. */
export const openAttemptsMax = 3
/** The free disk space that PGlite needs to start empty after damage: a new directory takes 40 million bytes. */
export const newDirectoryBytesMin = 64 * 1024 * 1024
/** The time limit for connecting to a server, and for waiting for a free connection. */
export const connectMsMax = 10_000
/** After so long without a message, TCP asks whether the other end is there (after 2 hours by default). A firewall forgets a quiet connection after minutes and tells nobody. */
export const keepAliveMs = 10_000
/** Of several servers, how long one may take to say whether it takes writes. */
export const serverConnectMsMax = 3_000
/** Of several servers, how long an answer may take before it is asked whether another one takes writes now. */
export const serverDoubtMs = 2_000

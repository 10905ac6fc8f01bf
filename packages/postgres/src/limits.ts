// Every bound of time and space of the read tables in Postgres by name. The thread of PGlite reads it too, so it imports nothing.

/** A statement that takes longer is given up. PGlite can stop one only together with its thread. */
export const statementMsMax = 60_000
/** The rows of one piece, which are 16 million characters at most. */
export const copyMsMax = 600_000
/** The indexes of many rows, and clearing up after many changes, take their time. */
export const indexMsMax = 3_600_000
/** PGlite makes a directory in a few seconds, in minutes on a machine that is overloaded. After a crash it reads its write-ahead log. A limit below what it takes would never let it open. */
export const openMsMax = 300_000
/** Closing waits for statements under way, and PGlite syncs its whole directory. Then connections and thread are cut off. */
export const closeMsMax = 30_000
/** A thread that is told to end does so in a moment, unless the disk under it does not answer. */
export const endMsMax = 5_000
/** Where PGlite could not be opened, calls fail for so long with the same answer, before it is tried again. */
export const reopenMsMin = 2_000
/** How often somebody looks whether a statement of PGlite is beyond its time. */
export const lookMs = 250
/** A client that has begun a transaction and sends nothing loses it: others wait for their turn. */
export const idleInTransactionMsMax = 3_000
/** After a crash a directory of PGlite is tried so often before it counts as damaged: what kept it from opening may have passed. */
export const openTriesMax = 3
/** A damaged directory of PGlite begins anew only where the disk has so much room: a new one takes 40 million bytes. */
export const anewBytesMin = 64 * 1024 * 1024
/** How long connecting to a server, or waiting for a free connection, may take. */
export const connectMsMax = 10_000

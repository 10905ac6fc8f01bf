// Every bound of the runtime by name.

/** How often a command is decided again because something else was appended to its stream meanwhile. */
export const conflictRetriesMax = 10
/** Aggregates whose folded state is kept in memory between commands. */
export const cachedAggregatesMax = 10_000
/** A snapshot is made whenever an aggregate's version passes a multiple of this. */
export const snapshotEveryEvents = 100
/** Decision models whose folded facts are kept in memory between commands. */
export const cachedFactsMax = 10_000
/** Snapshots by other code under the same version that are compared with the log before all of them are believed. */
export const snapshotsComparedMax = 20
/** Rows of a table by other code under the same version that are compared with the log before that code goes on. */
export const rowsComparedMax = 1_000
/** Events of different streams that one reaction handles at the same time. */
export const reactionsAtOnceMax = 16
/** Events that one reaction has taken in and not handled; then it reads no further. */
export const reactionsWaitingMax = 1_000
/** Streams of one reaction that are parked; then it stands still until it is resumed. */
export const parkedStreamsMax = 1_000
/** The events of one batch that a subscription is given. */
export const subscriptionBatchMax = 500
/** The checkpoint of a reaction or subscription is kept this long after an event was handled. */
export const checkpointEveryMs = 100
/** It is kept so late where it only passed events that concern others: a crash repeats none of them. */
export const passedCheckpointMs = 5_000
/** How long reading or writing what is kept of a consumer may take; then it counts as failed, and is tried again. */
export const recordMsMax = 10_000
/** How long code that was told to stop may take to end; then it is left alone. */
export const triesEndMsMax = 2_000
/** How long a reaction or subscription may take to stop; then the system closes without it. */
export const consumerStopMsMax = 15_000
/** What is kept of the message of an error that parked an event. */
export const parkedMessageCharsMax = 1_000
/** How long a command waits for a snapshot to be found or kept; then it goes on without. */
export const snapshotMsMax = 1_000
/** Levels of objects inside each other in a state that gets a snapshot. */
export const snapshotDepthMax = 1_000
/** The members and items of such a state, all together. */
export const snapshotPartsMax = 1_000_000
/** The first wait after a fault; each further one is twice as long. */
export const retryDelayMsMin = 20
/** The longest wait between two tries. */
export const retryDelayMsMax = 5_000
/** How long a reader waits for a projection or saga when it does not say. */
export const waitTimeoutMsDefault = 5_000
/** The sagas of one kind that are driven at the same time; others queue. One that waits to try again is not driven. */
export const sagasAtOnceMax = 64
/** A projection's runner that was killed is followed by another within this time and a poll of those who stand by. */
export const leaseMs = 3_000
/** How often those who stand by look whether they may run a projection. */
export const standByMs = 500
/** How often they look how far the table is while somebody waits for it. */
export const remoteWaitMs = 15
/** How often somebody who waits from another process looks whether the projection is parked. */
export const parkedLookMs = 500
/** Rows that are folded ahead of the database; then folding waits. */
export const unsavedRowsMax = 50_000
/** Rows that a following projection keeps in memory, so that they need not be read again. */
export const cachedRowsMax = 200_000
/** Events that are folded before others on the thread may get their turn. */
export const foldSliceEvents = 2_000
/** Tables that are built anew or compared with the log at once, in one process: each is held in memory, one that is compared twice. */
export const heavyWorkMax = 2
/** How long folding may hold up the thread. */
export const foldSliceMs = 3
/** A checkpoint that moved without rows is written this late: the events concern other projections, and only other processes want to know. */
export const checkpointDelayMs = 20
/** While a whole log is folded, of each event type the first thousand events are watched and then one in so many. */
export const rebuildWatchedEvery = 100
/** The rows that differ which a check of a table tells of. */
export const differencesMax = 10
/** Tries to put a table that was built in the place of one that moves on meanwhile. */
export const replaceTriesMax = 100
/** After so many of them the live one is held back. */
export const replaceFreelyMax = 3
/** The wait between those that follow. */
export const replaceAgainMs = 50
/** A table that shows more than the log has for so long is ahead of it. */
export const aheadMsMin = 1_000
/** How often that is looked at. */
export const aheadLookMs = 25
/** How often a projection looks whether it misses its staleness target. */
export const staleCheckMs = 500
/** Pieces of history that are folded stream by stream at once: more of them need more memory, and touch each row less often. */
export const foldedTogetherMax = 8
/** How long a thread of projections may take to end in order; then it is stopped. */
export const threadCloseMsMax = 30_000
/** How long the projections of this thread may take to end between two steps; then they fail when log and tables are closed under them. */
export const projectionsCloseMsMax = 30_000
/** A thread of projections that has not answered for so long is told of as silent: it spins, or the machine is overloaded. */
export const threadAnswerMsMax = 2_000
/** Whoever asks a thread that has only just begun waits so much longer. */
export const threadStartMsMax = 60_000
/** How long it may take over what the database may hold up. */
export const threadCallMsMax = 120_000
/** How long it tries to open log and tables before it says that it cannot; then it is started again. */
export const threadOpenMsMax = 2_000
/** One that ran for so long before it ended is started again at once; otherwise the waits grow. */
export const threadSoundMs = 60_000
/** Sagas of which it is known how often in a row they met a fault; any more are tried again after the first wait. */
export const sagaTriesKeptMax = 10_000
/** What is kept of the sagas that are under way is written again after so many events of theirs. */
export const sagaEventsBetweenKeeps = 20_000

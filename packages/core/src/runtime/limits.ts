// The limits of the runtime, each with a name.

/** How often a command is decided again because other events were appended to its stream meanwhile. */
export const conflictRetriesMax = 10
/** API keys whose secrets are checked at the same time. Each check takes a thread of the pool of Node, which the log needs too, and 16 MiB. */
export const keyChecksAtOnceMax = 2
/** API keys that wait for their check. Further ones are not checked: the caller may try again. Keys that were right before need no check. */
export const keyChecksWaitingMax = 100
/** Aggregates whose folded state is kept in memory between commands. */
export const cachedAggregatesMax = 10_000
/** A snapshot is made whenever an aggregate's version passes a multiple of this. */
export const snapshotEveryEvents = 100
/** Decision models whose folded facts are kept in memory between commands. */
export const cachedFactsMax = 10_000
/** Snapshots of other code under the same version that are compared with the log before all of them are trusted. */
export const snapshotsComparedMax = 20
/** Rows of a table that other code filled under the same version. So many are compared with the log before this code goes on with the table. */
export const rowsComparedMax = 1_000
/** Events of different streams that one reaction handles at the same time. */
export const reactionsAtOnceMax = 16
/** Events that one reaction has read and not yet handled. At this number it stops reading. */
export const reactionsWaitingMax = 1_000
/** Parked streams of one reaction. At this number it handles nothing more until it is resumed. */
export const parkedStreamsMax = 1_000
/** The events of one batch of a subscription. */
export const subscriptionBatchMax = 500
/** The checkpoint of a reaction or subscription is stored this long after an event was handled. */
export const checkpointEveryMs = 100
/** The same if it only passed events that do not concern it: after a crash, none of them is handled twice. */
export const passedCheckpointMs = 5_000
/** How long it may take to read or write the record of a consumer. After that it counts as failed, and is tried again. */
export const recordMsMax = 10_000
/** How long user code may take to end after its signal aborted. After that nothing waits for it any more. */
export const triesEndMsMax = 2_000
/** How long a reaction or subscription may take to stop. After that the system closes without waiting for it. */
export const consumerStopMsMax = 15_000
/** The characters of an error message that are stored with a parked event. */
export const parkedMessageCharsMax = 1_000
/** How long a command waits until a snapshot is found or stored. After that it goes on without the snapshot. */
export const snapshotMsMax = 1_000
/** The depth of a state that gets a snapshot: levels of objects inside objects. */
export const snapshotDepthMax = 1_000
/** The number of all members and items in such a state. */
export const snapshotPartsMax = 1_000_000
/** The first wait after a fault. Each further wait is twice as long. */
export const retryDelayMsMin = 20
/** The longest wait between two tries. */
export const retryDelayMsMax = 5_000
/** How long a reader waits for a projection or saga by default. */
export const waitTimeoutMsDefault = 5_000
/** The sagas of one kind that are driven at the same time. Others queue. A saga that waits for its next try does not count. */
export const sagasAtOnceMax = 512
/** How long the answer to a command waits at most for the tables of inline projections. */
export const inlineWaitMsMax = 5_000
/** How long the lease of a table lasts. If the process that runs a projection is killed, another one takes over after this time and one {@link standByMs}. */
export const leaseMs = 3_000
/** How long a process counts as alive after it last said so. With the time until others look, what a killed one ran goes on within 5 seconds. */
export const aliveMs = 4_000
/** How often a process says that it is alive, and looks at who holds what. */
export const leaseLookMs = 500
/** What was free for so many looks is taken by any process that can run it, over its share. */
export const leaseOverdueLooks = 3
/** How often a runner that stands by asks for the lease of its projection. */
export const standByMs = 500
/** How often it looks at the checkpoint of the table while a reader waits. */
export const remoteWaitMs = 15
/** How often a reader in another process looks whether the projection is parked. */
export const parkedLookMs = 500
/** Rows that are folded and not yet in the database. At this number folding waits. */
export const unsavedRowsMax = 50_000
/** Rows that a projection keeps in memory while it follows, so that it need not read them again. */
export const cachedRowsMax = 200_000
/** Events that are folded before other work on the thread can run. */
export const foldSliceEvents = 2_000
/** Tables that one process rebuilds or compares with the log at the same time. Each of them is in memory meanwhile, a compared one twice. */
export const heavyWorkMax = 2
/** How long folding may block the thread. */
export const foldSliceMs = 3
/** A checkpoint that moved without rows is written after this time: the events concern other projections, and only other processes need it. */
export const checkpointDelayMs = 20
/** Of the commands that were carried out, one in so many is decided again and compared. */
export const decisionsRecheckedEvery = 1_000
/** Watched functions that fold events run twice for so many events of a fold, and of a projection for so many of each type. */
export const repeatedFirst = 1_000
/** After that, one event in so many. */
export const repeatedEvery = 100
/** The different rows that the check of a table reports. */
export const differencesMax = 10
/** How often a rebuild tries to replace the live table, which moves on meanwhile. */
export const replaceTriesMax = 100
/** After so many tries the runner of the live table has to wait. */
export const replaceFreelyMax = 3
/** The wait before each further try. */
export const replaceAgainMs = 50
/** A table counts as ahead of the log if its checkpoint is beyond the end of the log for this time. */
export const aheadMsMin = 1_000
/** How often that is checked. */
export const aheadLookMs = 25
/** How often a projection checks its staleness target. */
export const staleCheckMs = 500
/** Batches that are folded stream by stream together. More of them need more memory, and look up each row less often. */
export const foldedTogetherMax = 8
/** How long a thread of projections may take to end by itself. After that it is terminated. */
export const threadCloseMsMax = 30_000
/** How long the projections of this thread may take to end between two steps. After that, log and tables are closed and their work fails. */
export const projectionsCloseMsMax = 30_000
/** If a thread of projections has not answered after this time, the call fails: the thread is in a loop, or the machine is overloaded. */
export const threadAnswerMsMax = 2_000
/** A call to a thread that is starting may take this much longer. */
export const threadStartMsMax = 60_000
/** How long a call may take that waits for the database. */
export const threadCallMsMax = 120_000
/** How long a thread tries to open log and tables. After that it ends with the error, and is started again. */
export const threadOpenMsMax = 2_000
/** A thread that ran for this time before it ended is started again at once. Otherwise the waits grow. */
export const threadSoundMs = 60_000
/** Sagas of which it is known how often in a row they met a fault; any more are tried again after the first wait. */
export const sagaTriesKeptMax = 10_000
/** What is kept of the sagas that are under way is written again after so many events, or half as many as there are timers, if that is more. */
export const sagaEventsBetweenKeeps = 20_000
/** The partitions of the sagas of one kind, where nobody says how many, for processes that share the work. */
export const sagaPartitionsDefault = 8
/** The most partitions that the sagas of one kind can have. */
export const sagaPartitionsMax = 256
/** Events for different sagas of one kind that are taken in at the same time. */
export const sagaIntakeMax = 256
/** Sagas that are looked up together, when their time has come or a process starts. */
export const sagasLookedUpTogetherMax = 128
/** Places in the log that are so near to each other are read together. */
export const sagaLookGapMax = 32
/** The longest wait until it is looked again which timers of sagas are due. */
export const sagaLookMsMax = 60_000
/** The requests that one process has under way to one other system. More wait for their next try: half of the sagas that are driven can hang there. */
export const remoteRequestsMax = 256
/** How long a reader of the feed of another system waits for an event before it asks again. */
export const feedWaitMs = 20_000
/** How often the Merkle tree looks for new events, and so the age of its last checkpoint while there are some. */
export const treeEveryMs = 200
/** Events that the Merkle tree takes in before it signs a checkpoint. */
export const treeStepEventsMax = 50_000
/** The events that do not fit their schemas and are told once. Beyond that, each is told whenever it is read. */
export const noticedEventsMax = 10_000
/** Events that a what-if plays again, because it keeps them in memory. */
export const whatIfEventsMax = 1_000_000
/** The records of the audit trail that wait in memory to be appended. Beyond that they are only counted. */
export const auditQueueMax = 10_000
/** How long such a record waits at most, while the log can be written. */
export const auditEveryMs = 200
/** The characters after which an event of the audit trail takes no further record. */
export const auditEventCharactersMax = 100_000
/** The characters of the JSON of an input, or of the details of a refusal, in a record of the audit trail. Of larger ones, length and SHA-256 are recorded. */
export const auditPartCharactersMax = 2_000
/** The characters of an actor, an id or a reason in a record of the audit trail. Longer ones are cut. */
export const auditTextCharactersMax = 512
/** How often live feeds hear of new events at most. After a pause, the first one comes at once. */
export const feedEveryMs = 20
/** This time is longer by so much for each reader, because to tell each of them costs about as much for many events as for one. */
export const feedEveryReaderMs = 0.1
/** The longest time between two tellings. */
export const feedEveryMsMax = 200
/** The bytes of the newest events that all live feeds share. A reader who is further behind reads from the store. */
export const feedWindowBytesMax = 8 * 1024 * 1024
/** A batch of messages ends after so many bytes of events. */
export const feedBatchBytesMax = 128 * 1024
/** The bytes of events that a live feed reads from the store at a time: those who read their own wait with them. */
export const feedPageBytesMax = 32 * 1024
/** The events that it reads at a time. At first it reads one, to know how large they are. */
export const feedPageEventsMax = 500
/** Live feeds that read from the store at the same time. More wait. */
export const feedCatchUpsMax = 4
/** How often a live feed says how far it is while no event matches. */
export const feedProgressMs = 5_000
/** How long what live feeds share is kept after the last reader has gone. */
export const feedLingerMs = 60_000
/** The rows of a table that has live feeds. All of them are in memory. */
export const feedTableRowsMax = 1_000_000
/** The rows of one table that one live feed can begin with. */
export const feedRowsMax = 100_000
/** Rows of one batch of messages. */
export const feedRowsTogetherMax = 500
/** The changes of rows that live feeds of a table share. A reader who is further behind gets the rows anew. */
export const feedChangesMax = 10_000
/** How often live feeds look at the health of the system. */
export const feedHealthMs = 1_000
/** A system that was closed while something of it met a fault is opened for another try after this time. */
export const retryClosedMs = 30_000
/** A closed system that hears another one is opened this often to hear what is new. */
export const hearEveryMs = 10_000
/** How long a process that shares the work counts as busy after it opened a system: until then it has taken what nobody else runs. */
export const leasesSettleMs = 2 * leaseMs

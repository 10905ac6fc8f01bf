// All limits of the event store in Postgres, by name.

/** The commits that go to the database together. With more, this process would wait while the database works, and the other way round. */
export const batchCommitsMax = 512
/** The events that go to the database together; one larger commit goes alone. */
export const batchEventsMax = 8_192
/** The bytes of payloads that go to the database together; one larger commit goes alone. */
export const batchBytesMax = 8 * 1024 * 1024
/** The commits of one process that wait for the database. Further ones are refused until there is room. */
export const waitingCommitsMax = 100_000
/** Batches of one process and log that are under way at the same time: while one is made durable, the next one travels. */
export const lanesMax = 2
/** How long an append waits for a database that does not answer. After that it is refused. */
export const outageMsMax = 30_000
/** How long one batch may take. After that its connection is given up, and the database is asked what it wrote. */
export const batchMsMax = 30_000
/** The first wait before another attempt to connect. Each further wait is twice as long. */
export const reconnectMsMin = 20
/** The longest wait between two attempts to connect. */
export const reconnectMsMax = 1_000
/** How often waiting followers ask for the head of their logs although nobody woke them. */
export const pollMs = 1_000
/** `health` asks the database whether it would write at most this often, unless it knows of a fault. */
export const probeMs = 1_000
/** How long `health` waits for that answer. */
export const probeWaitMs = 2_000
/** Terms that a process remembers, of all its logs. */
export const termsKeptMax = 16_384
/** How long the newest events stay in memory for those who follow the log, */
export const tailMs = 1_000
/** how many of them at most, */
export const tailEventsMax = 16_384
/** and with how many bytes of payload. */
export const tailBytesMax = 8 * 1024 * 1024
/** The events of one stream that are read together with those of other streams. The rest of a longer stream is read alone. */
export const streamEventsTogether = 100
/** The streams, or snapshots, that one statement reads together, and how many such statements of one process are under way at the same time. */
export const readTogether = { togetherMax: 128, lanesMax: 2 }
/** The positions of one partition of a new schema. */
export const partitionEvents = 5_000_000
/** The bytes of the name of a log. Types, streams and command ids have limits in the kernel. */
export const logNameBytesMax = 200
/** A table that is so many events behind is not brought up in the transaction that appends, but by whoever follows the log into it. */
export const inlineCatchUpMax = 1_000
/** How long an append waits, with the lock of the log, for each lock on the tables of inline projections that somebody else holds. */
export const inlineLockMsMax = 200
/** After the database refused rows of an inline projection, so long only events are appended. */
export const inlineRestMs = 1_000
/** How long appends wait at most for the swap of the table of an inline projection. */
export const standstillMsMax = 30_000
/** The positions that a replay fetches together, at most. */
export const replayedRowsMax = 20_000
/** The same for the first time, when nobody knows how large they are. */
export const replayedRowsFirst = 2_000
/** The bytes that a replay wants to fetch together. */
export const replayedBytesAim = 8 * 1024 * 1024
/** The bytes at which it gives up, and fetches fewer positions. */
export const replayedBytesMax = 32 * 1024 * 1024
/** The positions whose events have replay columns together, in a new schema. */
export const stretchEvents = 250_000
/** The share of a log that the types of a replay have at least for it to make columns that are missing. */
export const columnsShareMin = 0.3
/** Events with more bytes of payload in a stretch get no columns: all of them are in memory while they are made. */
export const stretchBytesMax = 128 * 1024 * 1024
/** Payloads that JSON does not give back are kept beside the columns up to this many bytes in a stretch. With more it gets no columns. */
export const stretchPayloadsMax = 4 * 1024 * 1024
/** The share of a log that the types of a replay have at least for the log to be read through; rarer ones are looked up. */
export const replayShareMin = 0.1
/** Names of streams that are kept between replays, twice. */
export const streamNamesMax = 200_000

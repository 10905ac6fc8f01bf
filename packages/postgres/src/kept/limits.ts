// All limits of what is kept beside a log, by name.

/** The connections of one process for records, leases, snapshots and proofs of logs that are opened with the same options. */
export const keptConnectionsMax = 3
/** How long one statement may take. After that its connection is given up, and the outcome is unknown. */
export const keptStatementMsMax = 5_000
/** A process that was not alive for so long is forgotten. */
export const processKeptMs = 3_600_000

// What the simulation takes as given. Each figure was measured by the bench or test that stands beside it, on a machine with 2 cores that the server, the
// processes and the load shared. Measure your own, and give them as options.

export interface Rates {
  /** Commits of one event that one log takes in a second. */
  readonly commitsPerSecond: number
  /** From a command to its answer while nothing waits, in milliseconds. */
  readonly commandMs: number
  /** From an event to the command that a saga sends because of it, to another log too, in milliseconds. */
  readonly hopMs: number
  /** Without writes, from the loss of the primary to the first commit on the new one, in milliseconds. */
  readonly failoverMs: number
  /** Bytes of one event on disk, with everything that finds it. */
  readonly bytesPerEvent: number
}

/** On 2026-11-28, `--quick`, with Postgres 18 and the load on the same machine. */
export const measured: Rates = {
  // pg-append, 1,024 clients: 63,616. A log that is always full leaves no room for bursts.
  commitsPerSecond: 60_000,
  // pg-append, 1 client: 1,009 a second, one after the other.
  commandMs: 1,
  // pg-staleness, p50: from an event until what follows the log has handled it.
  hopMs: 3,
  // The campaign of the failover test, Patroni with a ttl of 5 s: killed 9.9 s, separated 9.8 s, stopped 5.8 s.
  failoverMs: 10_000,
  // bytes, Postgres, with 193 bytes of payload.
  bytesPerEvent: 438,
}

/** Examples of what common machines cost, in whatever money: 8 cores and 32 GiB, and fast disks. */
export const prices = { machinesPerShard: 3, machinePerMonth: 250, terabytePerMonth: 80 }

// Snapshots of aggregates in Postgres, shared by all processes.
import type { Snapshot, SnapshotStore } from 'indelible'
import { keptSnapshots } from 'indelible/adapter'
import { gathered } from '../database/index.ts'
import { readTogether } from '../log/limits.ts'
import type { KeptDatabase } from './database.ts'

export function postgresSnapshots({ schema, query }: KeptDatabase): SnapshotStore {
  const ofStream = `log = $1 AND stream = $2`
  const newest = gathered(async (asked: readonly Asked[]) => {
    const rows = await query(
      `SELECT (SELECT s.snapshot FROM ${schema}.snapshots s WHERE s.log = $1 AND s.stream = a.stream AND s.fingerprint = a.fingerprint
           AND s.version <= coalesce(a.version, s.version) AND s.position <= coalesce(a.position, s.position)
         ORDER BY s.version DESC LIMIT 1)
       FROM unnest($2::text[], $3::text[], $4::int8[], $5::int8[]) WITH ORDINALITY a(stream, fingerprint, version, position, nth) ORDER BY a.nth`,
      [0, 1, 2, 3].map((field) => asked.map((one) => one[field])),
    )
    return rows.map(([snapshot]) => snapshot as string | null)
  }, readTogether)
  return {
    async load(stream, fingerprint, { version, position } = {}) {
      const text = await newest([stream, fingerprint, version ?? null, position ?? null])
      return text === null ? undefined : parsed(text)
    },
    async save(snapshot) {
      const { stream, fingerprint, version, position } = snapshot
      // Those of other code, and those that are not older, go. The rest of the stream is answered as it was before.
      const rows = await query(
        `WITH gone AS (DELETE FROM ${schema}.snapshots WHERE ${ofStream} AND (fingerprint <> $3 OR version > $4)),
         saved AS (
           INSERT INTO ${schema}.snapshots (log, stream, fingerprint, version, position, snapshot) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (log, stream, fingerprint, version) DO UPDATE SET position = excluded.position, snapshot = excluded.snapshot)
         SELECT version FROM ${schema}.snapshots WHERE ${ofStream} AND fingerprint = $3 AND version < $4 ORDER BY version`,
        [stream, fingerprint, version, position, JSON.stringify(snapshot)],
      )
      const versions = [...rows.map(([each]) => Number(each)), version].map((each) => ({ version: each }))
      const stay = new Set(keptSnapshots(versions).map((each) => each.version))
      const surplus = versions.flatMap((each) => (stay.has(each.version) ? [] : [each.version]))
      if (surplus.length === 0) return
      await query(
        `DELETE FROM ${schema}.snapshots WHERE ${ofStream} AND fingerprint = $3 AND version = ANY ($4::int8[])`,
        [stream, fingerprint, surplus],
      )
    },
  }
}

/** The stream, the fingerprint, and the highest version and position. */
type Asked = readonly [string, string, number | null, number | null]

/** A damaged one does not count. */
function parsed(text: string): Snapshot | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

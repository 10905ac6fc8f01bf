// Tiles, checkpoint and keys of the Merkle tree in Postgres.
import type { ProofFiles } from 'indelible'
import type { KeptDatabase } from './database.ts'

export function postgresProofs({ schema, query }: KeptDatabase): ProofFiles {
  const at = `log = $1 AND path = $2`
  return {
    async read(path) {
      const [row] = await query(`SELECT encode(bytes, 'hex') FROM ${schema}.proof_files WHERE ${at}`, [path])
      return row && Buffer.from(row[0]!, 'hex')
    },
    async write(path, bytes, { token = 0 } = {}) {
      await query(
        `INSERT INTO ${schema}.proof_files AS f (log, path, token, bytes) VALUES ($1, $2, $3, $4)
         ON CONFLICT (log, path) DO UPDATE SET token = greatest(f.token, excluded.token), bytes = excluded.bytes
         WHERE excluded.token = 0 OR f.token <= excluded.token`,
        [path, token, Buffer.from(bytes)],
      )
    },
    async remove(path) {
      // What lies under it as under a directory, too. "0" comes after "/".
      await query(
        `DELETE FROM ${schema}.proof_files WHERE log = $1 AND (path = $2 OR (path >= $2 || '/' AND path < $2 || '0'))`,
        [path],
      )
    },
    async loadKeys() {
      const [row] = await query(`SELECT keys FROM ${schema}.proof_keys WHERE log = $1`)
      return row?.[0] ?? undefined
    },
    async saveKeys(text) {
      await query(
        `INSERT INTO ${schema}.proof_keys (log, keys) VALUES ($1, $2) ON CONFLICT (log) DO UPDATE SET keys = excluded.keys`,
        [text],
      )
    },
  }
}

// Sets the bank going as its config says, with what the command line says instead.
import { openSystem, type RunningSystem } from 'indelible'

export interface BankOptions {
  readonly dataDir: string
  /** Connection string of a Postgres server for the read tables; without it they are embedded, in `dataDir`. */
  readonly database?: string | undefined
}

export async function openBank({ dataDir, database }: BankOptions): Promise<RunningSystem> {
  if (database) process.env.INDELIBLE_DATABASE = database
  return await openSystem(new URL('./indelible.config.ts', import.meta.url), { dataDir })
}

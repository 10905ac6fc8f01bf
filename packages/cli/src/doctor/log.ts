// The log and what the code makes of it. It is opened for reading, and not read through.
import { join } from 'node:path'
import { type EventStore, isIndelibleError, type LoadedConfig } from 'indelible'
import { writerOf } from 'indelible/file'
import { contractsInLog, describeSystem, isRefusing, judgeContracts, readRegistry } from 'indelible/schema'
import { formatCount } from '../output/index.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'

/** A later clock would make the next event wait for it, or stand at the same time. */
const aheadMsMax = 2_000

export function lock(dataDir: string): Finding {
  const pid = writerOf(join(dataDir, 'log'))
  return ok('lock', pid === undefined ? 'no process writes the log' : `process ${pid} writes the log`)
}

/** Opening checks the segments, the indexes that are there, and the end of the log. */
export async function log(openStore: () => Promise<EventStore>, config: LoadedConfig): Promise<readonly Finding[]> {
  let store: EventStore
  try {
    store = await openStore()
  } catch (error) {
    if (isIndelibleError(error, 'store_missing')) return [skip('log', 'there is none yet')]
    const message = error instanceof Error ? error.message : String(error)
    return [fail('log', message, 'indelible verify says more. docs/log.md says what to do about damage.')]
  }
  try {
    const { position, recordedAt } = await store.head()
    const aheadMs = recordedAt === null ? 0 : Date.parse(recordedAt) - Date.now()
    const end = `${formatCount(position, 'event')}${recordedAt === null ? '' : `, the last at ${recordedAt}`}`
    const told =
      aheadMs > aheadMsMax
        ? warn(
            'log',
            `${end}: that is ahead of the clock`,
            'Set the clock. Until it is there, new events get the time of the last one.',
          )
        : ok('log', end)
    const { concerns = [] } = await store.health()
    return [told, ...concerns.map(({ problem, remedy }) => warn('log', problem, remedy)), await schemas(store, config)]
  } finally {
    await store.close()
  }
}

async function schemas(
  store: EventStore,
  { system, schemas: { mode = 'backward', accepted = [] } }: LoadedConfig,
): Promise<Finding> {
  const known = contractsInLog(await readRegistry(store), await store.countTypes())
  const findings = judgeContracts({ known, declared: describeSystem(system).events, mode, accepted })
  const refusing = findings.filter(isRefusing)
  if (refusing.length > 0)
    return fail(
      'schemas',
      `the code does not fit what was recorded: ${formatCount(refusing.length, 'problem')}`,
      'indelible schema check names them.',
    )
  if (findings.length > 0)
    return ok('schemas', `${formatCount(findings.length, 'change')} since the log was written, none that breaks`)
  return ok('schemas', 'the code declares what was recorded')
}

// How to ask for the past of each thing that a system keeps, in its own names: lines that can be run. The tests run them.
import type { Source } from './source.ts'

export interface Example {
  readonly about: string
  readonly kind: 'sh' | 'http' | 'sql' | 'ts'
  readonly text: string
}

export interface Subject {
  readonly category: string
  readonly id: string
  /** A day on which the log had it. */
  readonly day: string
  readonly position: number
}

/** Where the log has none, an example stands in. */
export function subjectOf(category: string, events: readonly string[], { samples }: Source): Subject {
  const newest = events
    .map((type) => samples.byType.get(type)?.newest)
    .filter((sample) => sample?.stream.startsWith(`${category}-`))
    .sort((one, other) => other!.position - one!.position)[0]
  return {
    category,
    id: newest?.streamId ?? '1',
    day: newest?.recordedAt.slice(0, 10) ?? '2026-01-31',
    position: newest?.position ?? 1,
  }
}

export function aggregateExamples({ category, id, day, position }: Subject): readonly Example[] {
  const [name, key, stream] = [shellWord(category), shellWord(id), shellWord(`${category}-${id}`)]
  const url = `${server}/aggregates/${encodeURIComponent(category)}/${encodeURIComponent(id)}`
  return [
    sh('Its state now', `indelible state ${name} ${key}`),
    sh('Its state after its first event', `indelible state ${name} ${key} --version 1`),
    sh('Its state as it was known at the end of a day', `indelible state ${name} ${key} --recorded-at ${day}`),
    sh(
      'Its state as it was true at the end of a day, by what is known now',
      `indelible state ${name} ${key} --valid-at ${day}`,
    ),
    sh('What has changed since its first event', `indelible diff ${name} ${key} --from version:1`),
    sh('Every change of its fields, with who made it and why', `indelible history ${name} ${key}`),
    sh('Who made each field what it is', `indelible blame ${name} ${key}`),
    sh('Its events', `indelible read ${stream}`),
    sh('Who did what to it, also what was refused', `indelible audit --stream ${stream}`),
    http('Its state, now and at a point', [url, `${url}?version=1`, `${url}?recordedAt=${day}`]),
    http('What changed, who did it, and the audit trail', [
      `${url}/diff?from=version:1`,
      `${url}/history`,
      `${url}/blame`,
      `${server}/streams/${encodeURIComponent(`${category}-${id}`)}`,
      `${server}/audit?stream=${encodeURIComponent(`${category}-${id}`)}`,
    ]),
    {
      about: 'A program beside the config; its argument is the directory of the data',
      kind: 'ts',
      text: program({ category, id, day, position }),
    },
  ]
}

export function proofExamples({ category, id, position }: Subject): readonly Example[] {
  return [
    sh('That an event is in the signed log', `indelible prove ${position}`),
    sh(
      'All of its events with their proofs, in one file for others',
      `indelible evidence ${shellWord(`${category}-${id}`)} --out evidence.zip`,
    ),
  ]
}

export function sagaExamples(name: string, id: string): readonly Example[] {
  return [
    sh(
      'Its story: what happened, who decided what, and what comes next',
      `indelible sagas show ${name} ${shellWord(id)}`,
    ),
    sh('Its own events', `indelible read ${shellWord(`$saga.${name}-${id}`)}`),
    http('The same', [`${server}/sagas/${name}/${encodeURIComponent(id)}/history`]),
  ]
}

type Table = Source['system']['projections'][number]

export function tableExamples({ name, key, history }: Table, day: string): readonly Example[] {
  const table = sqlName(name)
  const order = key.map(sqlName).join(', ')
  const point = `'${day}T23:59:59Z'`
  return [
    { about: 'As it is', kind: 'sql', text: `SELECT * FROM ${table} ORDER BY ${order} LIMIT 20;` },
    ...(history
      ? [
          {
            about: 'As it was at a time: every version of each row is kept',
            kind: 'sql',
            text: `SELECT * FROM ${sqlName(`${name}__history`)}\nWHERE from_time <= ${point} AND (to_time IS NULL OR to_time > ${point})\nORDER BY ${order} LIMIT 20;`,
          } as const,
        ]
      : [
          sh(
            'As it was: folded from the log and written beside it, where SQL finds it',
            `indelible projections past ${shellWord(name)} --recorded-at ${day}`,
          ),
          {
            about: 'As it was, after the line above',
            kind: 'sql',
            text: `SELECT * FROM ${sqlName(`${name}__past`)} ORDER BY ${order} LIMIT 20;`,
          } as const,
        ]),
    http('Over HTTP, now and as it was', [
      `${server}/tables/${encodeURIComponent(name)}`,
      `${server}/tables/${encodeURIComponent(name)}?recordedAt=${day}`,
    ]),
  ]
}

function program({ category, id, day }: Subject): string {
  const name = JSON.stringify(category).replaceAll('"', "'")
  const key = `'${JSON.stringify(id).slice(1, -1).replaceAll("'", "\\'")}'`
  return `import { loadConfig, openers } from 'indelible'
import { blame, historyOf, stateAsOf } from 'indelible/history'

const config = await loadConfig(new URL('./indelible.config.ts', import.meta.url))
const store = await openers(config, { dataDir: process.argv[2] ?? config.dataDir, mode: 'inspect' }).store()
const aggregate = config.system.aggregates.find(({ category }) => category === ${name})!
const id = ${key}

console.log((await stateAsOf(store, aggregate, { id })).state)
console.log((await stateAsOf(store, aggregate, { id, asOf: { recordedAt: '${day}' } })).state)
for (const { field, before, after } of await historyOf(store, { aggregate, id })) console.log(field, before, after)
for (const { field, value, cause } of await blame(store, { aggregate, id })) console.log(field, value, cause.actor)
await store.close()
`
}

function sh(about: string, text: string): Example {
  return { about, kind: 'sh', text }
}

function http(about: string, urls: readonly string[]): Example {
  return { about, kind: 'http', text: urls.map((url) => `curl -s '${url.replaceAll("'", '%27')}'`).join('\n') }
}

function shellWord(text: string): string {
  return /^[\w.,/:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

function sqlName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

const server = 'http://127.0.0.1:3000'

// What a bundle says of itself, and of the code behind its events.
import { readFileSync } from 'node:fs'
import { readCheckpoint } from 'indelible/proofs'
import type { SystemDescription } from 'indelible/schema'
import type { Summary } from './summary.ts'

/** The form of bundles. A later one has another number. */
const format = 'indelible evidence 1'

/** Which program wrote a bundle: pages and texts are compared with what the same program writes. */
export const writtenBy = `indelible ${packageVersion()}`

/** Where a bundle comes from. Nothing of it is signed. */
export interface Origin {
  readonly madeAt: string
  readonly madeBy: string
}

/** Everything besides where it comes from follows from the events and the checkpoint. */
export interface About extends Origin {
  readonly format: string
  readonly stream: string
  readonly events: number
  readonly firstRecordedAt: string
  readonly lastRecordedAt: string
  /** Which log. */
  readonly log: string
  /** The number of its events that were signed. */
  readonly size: number
  /** The root of their tree, in base64. */
  readonly root: string
}

export function aboutOf({ first, last, events }: Summary, note: string, { madeAt, madeBy }: Origin): About {
  const { origin, size, root } = readCheckpoint(note)
  return {
    format,
    stream: last!.stream,
    events,
    firstRecordedAt: first!.recordedAt,
    lastRecordedAt: last!.recordedAt,
    log: origin,
    size,
    root: Buffer.from(root).toString('base64'),
    madeAt,
    madeBy,
  }
}

/** What the code declares about the events of a stream. */
export interface Declared {
  readonly system: string
  readonly aggregate: { readonly category: string; readonly version: number } | null
  readonly events: readonly Pick<
    SystemDescription['events'][number],
    'type' | 'version' | 'schema' | 'olderVersions' | 'formerTypes'
  >[]
}

export interface Declarations {
  /** It follows from the events. */
  readonly recorded: Pick<Summary, 'types' | 'commands'>
  /** Null where the declarations were not at hand. */
  readonly declared: Declared | null
}

export function declarationsOf(
  { types, commands, last }: Summary,
  system: SystemDescription | undefined,
): Declarations {
  const category = last!.category
  const aggregate = system?.aggregates.find((each) => each.category === category)
  const declared = system && {
    system: system.name,
    aggregate: aggregate ? { category, version: aggregate.version } : null,
    events: system.events
      .filter(({ type, formerTypes }) =>
        types.some((each) => each.type === type || formerTypes.some((former) => former.type === each.type)),
      )
      .map(({ type, version, schema, olderVersions, formerTypes }) => ({
        type,
        version,
        schema,
        olderVersions,
        formerTypes,
      })),
  }
  return { recorded: { types, commands }, declared: declared ?? null }
}

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

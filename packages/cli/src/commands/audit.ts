// `indelible audit`: who did what, when, why, and how it ended; for people, for programs, and as files for auditors.
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import {
  type AsOf,
  type AuditEntry,
  type AuditFilters,
  type AuditOutcome,
  auditOutcomes,
  type Known,
} from 'indelible/history'
import {
  type AuditClient,
  AuditTrail,
  auditByServer,
  checkpointOf,
  type ExportFormat,
  entryText,
  exportFormats,
  exportTo,
  ndjsonLines,
  openDirectAudit,
  treeText,
} from '../audit/index.ts'
import { CliError } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import { addClientOptions, type ClientOptions, point, serverOf, stream, wholeNumber } from '../options/index.ts'
import { formatCount, formatNumber, jsonLine, phaseBar } from '../output/index.ts'
import type { Session } from '../session.ts'

const limitDefault = 100

interface Options extends ClientOptions {
  readonly actor?: string
  readonly action?: string
  readonly stream?: string
  readonly outcome?: AuditOutcome
  readonly code?: string
  readonly correlation?: string
  readonly causation?: string
  readonly tree?: boolean
  readonly from?: AsOf
  readonly to?: AsOf
  readonly backwards?: boolean
  readonly limit?: number
  readonly format?: ExportFormat
  readonly out?: string
  readonly source?: string
}

export function addAudit(program: Command, session: Session): void {
  const command = addCommand(program, 'audit', {
    summary: 'show or export who did what, when, why, and how it ended',
    about:
      'Show the audit trail: accepted commands, refused and conflicting ones, what operators did, events appended without a command, and reads. ' +
      'Refusals and reads are in it where the system records them (audit in the config); a gap says how many are missing. ' +
      'With --format, export it: as CloudEvents 1.0 (one JSON a line), CSV or Parquet, with the range of positions and the signed checkpoint that it comes from.',
    examples: [
      ['indelible audit --stream account-576', 'everything that was done to an account, also what was refused'],
      [
        'indelible audit --outcome refused --from recorded:2026-01-31 --backwards',
        'refusals since a day, newest first',
      ],
      ['indelible audit --actor ann --code InsufficientFunds', 'what ann was refused'],
      ['indelible audit --correlation 0193… --tree', 'what one request set in motion, and what led to what'],
      ['indelible audit --format parquet --out audit.parquet', 'a file for an auditor; csv, ndjson too'],
      ['indelible audit --format ndjson | gzip > audit.ndjson.gz', 'CloudEvents to another program'],
    ],
  })
    .option('--actor <name>', 'only what this one did')
    .option('--action <name>', 'only this command, type of event, or operation')
    .option('--stream <stream>', 'only what was done to this stream', stream)
    .addOption(new Option('--outcome <outcome>', 'only what ended so').choices(auditOutcomes))
    .option('--code <code>', 'only what was refused for this reason; expected_version or overtaken for conflicts')
    .option('--correlation <id>', 'only what one request set in motion')
    .option('--causation <id>', 'only what this event or command directly led to')
    .option('--tree', 'with --correlation: each entry under what led to it, across sagas')
    .option(
      '--from <point>',
      'the first point: position:120, or recorded:2026-01-31 for the whole day',
      point('--from'),
    )
    .option('--to <point>', 'the last point; default: now', point('--to'))
    .option('--backwards', 'newest first')
    .option(
      '--limit <count>',
      `at most so many; default: ${limitDefault}, and all where exported`,
      wholeNumber('--limit', 'a count', 1),
    )
    .addOption(new Option('--format <format>', 'export in this format').choices(exportFormats))
    .option('--out <file>', 'write the export to this new file; csv and parquet need it')
    .option('--source <uri>', 'the URI of the log in CloudEvents; default: made of the id of the log, or --url')
  addClientOptions(command).action(() => audit(command.optsWithGlobals(), session))
}

async function audit(options: Options, session: Session): Promise<void> {
  const { format, out: file } = options
  if (file !== undefined && format === undefined)
    throw new CliError('usage', '--out needs --format: ndjson, csv or parquet.')
  if (format !== undefined && format !== 'ndjson' && file === undefined)
    throw new CliError('usage', `--format ${format} needs --out FILE.`)
  const server = serverOf(options)
  const client = server ? auditByServer(server, session) : await openDirectAudit(options, session)
  const bar = phaseBar(session.errors)
  try {
    if (options.tree) return await showTree(client, options, session)
    const limit = options.limit ?? (format === undefined ? limitDefault : Number.POSITIVE_INFINITY)
    const { from, to, backwards } = options
    const asked = { ...filtersOf(options), from: from as Known, to: to as Known, limit }
    const direction = backwards ? 'backwards' : 'forwards'
    const trail = new AuditTrail(client, { ...asked, direction }, { update: bar.update, signal: session.signal })
    if (format === undefined) await show(trail.entries(), { ...options, limit, clear: bar.clear }, session)
    else await exportTrail(trail, { ...options, format, client, clear: bar.clear }, session)
  } finally {
    bar.clear()
    await client.close()
  }
}

interface Shown extends Options {
  readonly limit: number
  readonly clear: () => void
}

async function show(
  entries: AsyncIterable<AuditEntry>,
  { limit, json, backwards, clear }: Shown,
  { out }: Session,
): Promise<void> {
  const nowMs = Date.now()
  let count = 0
  for await (const entry of entries) {
    count++
    clear()
    await out.write(json ? `${jsonLine(entry)}\n` : `${entryText(entry, { out, nowMs })}\n`)
    if (out.closed.aborted) return
  }
  if (json) return
  if (count === 0) await out.write('Nothing fits in the audit trail.\n')
  const turned = backwards ? '' : ', or --backwards for the newest'
  if (count === limit) await out.write(`These are the first ${limit}. There may be more: give --limit${turned}.\n`)
}

async function showTree(client: AuditClient, options: Options, { out }: Session): Promise<void> {
  const { correlation, json, format } = options
  const filters = Object.keys(filtersOf(options)).length
  if (correlation === undefined || filters > 1 || format !== undefined || options.from || options.to)
    throw new CliError('usage', '--tree needs --correlation, and takes no other filter and no --format.')
  const found = await client.causation(correlation)
  if (json) return await out.write(`${jsonLine(found)}\n`)
  if (found.entries.length === 0) return await out.write('Nothing fits in the audit trail.\n')
  await out.write(treeText(found, { out, nowMs: Date.now() }))
}

interface Exported extends Options {
  readonly format: ExportFormat
  readonly client: AuditClient
  readonly clear: () => void
}

async function exportTrail(trail: AuditTrail, options: Exported, { out, cwd }: Session): Promise<void> {
  const { format, client, out: file, json, clear } = options
  const { from, to } = await trail.range()
  const source = options.source ?? (await client.source())
  const checkpoint = checkpointOf(await client.checkpoint())
  const provenance = { source, from, to, filters: filtersOf(options), exportedAt: new Date().toISOString(), checkpoint }
  let count = 0
  const entries = counted(trail.entries(), () => count++)
  if (file === undefined) {
    for await (const line of ndjsonLines({ entries, provenance })) {
      await out.write(line)
      if (out.closed.aborted) return
    }
    return
  }
  const files = await exportTo(resolve(cwd, file), format, { entries, provenance })
  clear()
  if (json) return await out.write(`${jsonLine({ files, entries: count, ...provenance })}\n`)
  const what = `${formatNumber(count)} ${count === 1 ? 'entry' : 'entries'} of positions ${from} to ${to}`
  const proof = checkpoint
    ? `with the checkpoint of ${formatCount(checkpoint.size, 'event')}`
    : 'without a checkpoint, because the system keeps no Merkle tree'
  await out.write(`${what}, ${proof}.\n${files.map((each) => `  ${each}\n`).join('')}`)
}

async function* counted(entries: AsyncIterable<AuditEntry>, count: () => void): AsyncGenerator<AuditEntry> {
  for await (const entry of entries) {
    count()
    yield entry
  }
}

function filtersOf(options: Options): Omit<AuditFilters, 'from' | 'to'> {
  const { actor, action, stream, outcome, code, correlation: correlationId, causation: causationId } = options
  const filters = { actor, action, stream, outcome, code, correlationId, causationId }
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined))
}

// Writes the audit trail to a file or to the output. Entries stream through; a file has its name only when it is complete.
import { existsSync } from 'node:fs'
import { open, rename, rm, writeFile } from 'node:fs/promises'
import type { AuditEntry } from 'indelible/history'
import { CliError } from '../errors/index.ts'
import { cloudEventOf, exportEvent } from './cloud-events.ts'
import { csvHead, csvLine, csvMetadata, metadataNameOf } from './csv.ts'
import { writeParquet } from './parquet.ts'
import type { Provenance } from './provenance.ts'

export const exportFormats = ['ndjson', 'csv', 'parquet'] as const

export type ExportFormat = (typeof exportFormats)[number]

export interface Export {
  readonly entries: AsyncIterable<AuditEntry>
  readonly provenance: Provenance
}

/** The lines of NDJSON: first what it is, then the entries. */
export async function* ndjsonLines({ entries, provenance }: Export): AsyncGenerator<string> {
  yield `${JSON.stringify(exportEvent(provenance))}\n`
  for await (const entry of entries) yield `${JSON.stringify(cloudEventOf(entry, provenance.source))}\n`
}

async function* csvLines({ entries }: Export): AsyncGenerator<string> {
  yield csvHead()
  for await (const entry of entries) yield csvLine(entry)
}

/** The files that it wrote. Throws `usage` where one of them exists. */
export async function exportTo(file: string, format: ExportFormat, exported: Export): Promise<readonly string[]> {
  const beside = format === 'csv' ? [metadataNameOf(file)] : []
  const files = [file, ...beside]
  const there = files.find((each) => existsSync(each))
  if (there)
    throw new CliError('usage', `${there} exists already, and an export never replaces a file. Give another name.`)
  const partial = `${file}.partial`
  try {
    if (format === 'parquet') await writeParquet(partial, exported.entries, exported.provenance)
    else await writeLines(partial, format === 'csv' ? csvLines(exported) : ndjsonLines(exported))
    for (const each of beside) await writeFile(each, csvMetadata(file, exported.provenance))
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  return files
}

async function writeLines(file: string, lines: AsyncIterable<string>): Promise<void> {
  const handle = await open(file, 'w')
  try {
    let chunk = ''
    for await (const line of lines) {
      chunk += line
      if (chunk.length < chunkCharacters) continue
      await handle.write(chunk)
      chunk = ''
    }
    await handle.write(chunk)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const chunkCharacters = 256 * 1024

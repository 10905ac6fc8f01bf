// Reads one of the bank's files: named columns, every record with the line it stands on.
import { readFile } from 'node:fs/promises'
import { CsvError, parse } from 'csv-parse/sync'
import { BadInput } from './bad-input.ts'

export interface CsvRecord<Column extends string> {
  readonly file: string
  readonly line: number
  readonly fields: Readonly<Record<Column, string>>
}

/** Throws `BadInput` where the file is missing, lacks a column, or has a line that is not of its form. */
export async function readCsv<const Column extends string>(
  file: string,
  columns: readonly Column[],
): Promise<CsvRecord<Column>[]> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new BadInput(file, undefined, `cannot be read: ${cause.message}`)
  })
  try {
    const records = parse(text, {
      delimiter: ';',
      bom: true,
      info: true,
      columns: (header: string[]) => checked(header),
    })
    return (records as unknown as { info: { lines: number }; record: Record<Column, string> }[]).map(
      ({ info, record }) => ({ file, line: info.lines, fields: record }),
    )
  } catch (error) {
    if (error instanceof CsvError) throw new BadInput(file, Number(error.lines), error.message)
    throw error
  }

  function checked(header: string[]): string[] {
    const missing = columns.find((column) => !header.includes(column))
    if (missing) throw new BadInput(file, 1, `the column "${missing}" is missing. It has: ${header.join(', ')}.`)
    return header
  }
}

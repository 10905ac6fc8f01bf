// What a question about the past is about: an aggregate, or with --table a read table.
import type { Command } from 'commander'
import type { AnyAggregate, Projection, Row, System } from 'indelible'
import { CliError } from '../errors/index.ts'

export interface TableOption {
  readonly table?: boolean
}

export function addTable(command: Command): Command {
  return command.option(
    '--table',
    '<name> is a read table, and <id> the key of a row; several key columns are joined by ","',
  )
}

export function aggregateOf({ aggregates }: System, category: string): AnyAggregate {
  const aggregate = aggregates.find((each) => each.category === category)
  if (aggregate) return aggregate
  const known = aggregates.map((each) => each.category)
  throw new CliError(
    'unknown_category',
    `The config declares no aggregate "${category}". It declares: ${known.join(', ')}.`,
    {
      details: { category, known },
    },
  )
}

export function projectionOf({ projections }: System, name: string): Projection {
  const projection = projections.find((each) => each.name === name)
  if (projection) return projection
  const known = projections.map((each) => each.name)
  throw new CliError('usage', `The config declares no read table "${name}". It declares: ${known.join(', ')}.`)
}

/** The key of a row as it is given on a command line. */
export function keyOf({ table: { key, columns } }: Projection, text: string): Row {
  const values = key.length === 1 ? [text] : text.split(',')
  if (values.length !== key.length) {
    throw new CliError(
      'usage',
      `A row has the key columns ${key.join(', ')}: give their values joined by ",", not "${text}".`,
    )
  }
  return Object.fromEntries(
    key.map((name, at) => {
      const isNumber = ['integer', 'bigint'].includes(columns[name]!.type) && /^-?\d{1,16}$/.test(values[at]!)
      return [name, isNumber ? Number(values[at]) : values[at]]
    }),
  )
}

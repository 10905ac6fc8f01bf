// Which events `read` and `tail` are about: one stream or all, narrowed by category, type and tag.
import type { Command } from 'commander'
import type { Query, QueryItem, StreamName } from 'indelible'
import { categories, several, stream } from './arguments.ts'

export interface FilterOptions {
  readonly category?: readonly string[]
  readonly type?: readonly string[]
  readonly tag?: readonly string[]
  readonly reserved?: boolean
  readonly wide?: boolean
}

export function addFilters(command: Command): Command {
  return command
    .argument('[stream]', 'only this stream, for example account-576', stream)
    .option('--category <name>', 'only streams of this category; repeated: of any of them', categories)
    .option('--type <name>', 'only events of this type; repeated: of any of them', several)
    .option('--tag <tag>', 'only events with this tag; repeated: with all of them', several)
    .option('--reserved', 'reserved events too, such as the history of sagas')
    .option('--wide', 'do not truncate lines to the width of the terminal')
}

export function queryOf(stream: StreamName | undefined, { category, type, tag }: FilterOptions): Query {
  const item: QueryItem = {
    ...(stream && { streams: [stream] }),
    ...(category && { categories: category }),
    ...(type && { types: type }),
    ...(tag && { tags: tag }),
  }
  return Object.keys(item).length === 0 ? 'all' : [item]
}

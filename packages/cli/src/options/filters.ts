// The filters of `read` and `tail`: one stream or all streams, and category, type and tag.
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
    .option('--category <name>', 'only streams of this category; repeat it for several categories', categories)
    .option('--type <name>', 'only events of this type; repeat it for several types', several)
    .option('--tag <tag>', 'only events with this tag; repeat it to require several tags', several)
    .option('--reserved', 'also reserved events, such as the history of sagas')
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

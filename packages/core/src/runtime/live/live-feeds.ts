// The live feeds of a running system.
import { IndelibleError } from '../../kernel/errors.ts'
import type { System } from '../../kernel/system.ts'
import type { Health } from '../health.ts'
import type { ProjectionContext } from '../projections/context.ts'
import { EventFeed } from './event-feed.ts'
import { HealthFeed } from './health-feed.ts'
import { TableFeed } from './table-feed.ts'

export class LiveFeeds {
  readonly events: EventFeed
  readonly health: HealthFeed
  readonly #tables: ReadonlyMap<string, TableFeed>

  constructor(
    { projections }: System,
    context: Pick<ProjectionContext, 'store' | 'log' | 'tables' | 'guard'> & { readonly health: () => Promise<Health> },
  ) {
    this.events = new EventFeed(context.store)
    this.health = new HealthFeed(context.health)
    this.#tables = new Map(
      projections.map((projection) => [projection.name, new TableFeed({ ...context, projection })] as const),
    )
  }

  /** Throws `unknown_projection`. */
  table(name: string): TableFeed {
    const table = this.#tables.get(name)
    if (table) return table
    throw new IndelibleError('unknown_projection', `There is no read table "${name}".`)
  }

  /** Ends all feeds: each is told. */
  async close(): Promise<void> {
    await Promise.all([this.events, this.health, ...this.#tables.values()].map((feed) => feed.close()))
  }
}

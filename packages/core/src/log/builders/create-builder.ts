// Builds index files and column files: on this thread, for a disk that only this thread has, otherwise on a thread of its own.
import { IndelibleError } from '../../kernel/errors.ts'
import { buildColumns, type Pace } from '../columns/index.ts'
import { nodeDisk } from '../disk/index.ts'
import { buildIndex } from '../index/index.ts'
import type { LogSource } from '../limits.ts'
import type { BuildTask } from '../read/index.ts'
import type { Builder } from './builder.ts'
import { ThreadBuilder } from './thread-builder.ts'

export function createBuilder(log: LogSource): Builder {
  return log.disk === nodeDisk ? new ThreadBuilder(log) : new InlineBuilder(log)
}

class InlineBuilder implements Builder {
  readonly #log: LogSource
  #closed = false
  #building: Promise<void> = Promise.resolve()
  readonly #pace: Pace = {
    turn: async () => {
      if (this.#closed) throw new IndelibleError('aborted', 'The log was closed.')
    },
  }

  constructor(log: LogSource) {
    this.#log = log
  }

  buildIndex(task: BuildTask): Promise<void> {
    return buildIndex(this.#log, task)
  }

  async buildColumns(task: BuildTask): Promise<void> {
    const building = buildColumns(this.#log, task, this.#pace)
    this.#building = building.catch(() => {})
    await building
  }

  appended(): void {}

  async close(): Promise<void> {
    this.#closed = true
    await this.#building
  }
}

// What operators and readers see of a running projection. All of its runner writes it.
import type { Position } from '../../../kernel/positions.ts'
import type { ConsumerState } from '../../consumers/status.ts'
import { leaseMs } from '../../limits.ts'
import { Waiters } from '../../waiters.ts'
import type { ProjectionError } from '../status.ts'

export class Standing {
  readonly waiters: Waiters
  state: ConsumerState = 'starting'
  error: ProjectionError | undefined
  /** The runner that has the lease, as far as this one knows. */
  holder: string | null = null

  constructor(name: string) {
    this.waiters = new Waiters(`Projection "${name}"`)
  }

  get position(): Position {
    return this.waiters.reached
  }

  /** Returns how long to rest. Give `position` if the code of this process filled the table. */
  rest(state: 'paused' | 'parked', position?: Position): number {
    this.state = state
    if (position !== undefined) this.waiters.advance(position)
    return leaseMs / 3
  }
}

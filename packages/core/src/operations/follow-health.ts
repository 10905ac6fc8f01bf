// The state of the whole system, whenever it changes.
import type { HealthEntry, LiveFeed } from '../runtime/live/index.ts'
import { signalOf } from './follow-events.ts'
import { healthSchema, reportOf } from './health.ts'
import { messageSchema } from './live-schemas.ts'
import { operation } from './operation.ts'

export const followHealth = operation({
  name: 'followHealth',
  effect: 'reads',
  needs: () => ({ verb: 'operate' }),
  isLive: true,
  recordsPrincipal: false,
  parameters: {},
  describe: () => [
    {
      group: 'system',
      summary: 'The state of the log and of everything that follows it, whenever a state changes',
      description: 'The whole state each time, as it is at that moment. Positions and lags that move are no change.',
      result: {
        description: 'The state now, and then after each change.',
        schema: messageSchema({ health: healthSchema() }),
      },
    },
  ],
  async run(running, _input, { signal }): Promise<LiveFeed> {
    return await running.live.health.follow(shown, signalOf(signal))
  },
})

const shown = ({ health }: HealthEntry) => [{ kind: 'health', data: reportOf(health) }]

// A process that does nothing: what Node alone needs, with the same flags.
import { peakRssKiB, tell } from '../children.ts'

await tell({ maxRssKiB: peakRssKiB() })
process.disconnect()

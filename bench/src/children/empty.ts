// A process that does nothing: what Node needs by itself, with the same flags.
import { peakRssKiB, tell } from '../children.ts'

await tell({ maxRssKiB: peakRssKiB() })
process.disconnect()

// A process that does nothing: what Node needs by itself, with the same flags.
import { tell } from '../children.ts'

await tell({ maxRssKiB: process.resourceUsage().maxRSS })
process.disconnect()

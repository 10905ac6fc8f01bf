// All cases, in the order in which `--list` shows them and `all` runs them.
import type { BenchCase } from '../case.ts'
import { appendBatched } from './append-batched.ts'
import { appendConcurrent } from './append-concurrent.ts'
import { appendSequential } from './append-sequential.ts'
import { asOfPoint, asOfTable } from './as-of.ts'
import { auditRefusals } from './audit-refusals.ts'
import { bytes } from './bytes.ts'
import { coldStart } from './cold-start.ts'
import { compileCase } from './compile.ts'
import { fold } from './fold.ts'
import { followCase } from './follow.ts'
import { growth } from './growth.ts'
import { guard } from './guard.ts'
import { httpCommands } from './http-commands.ts'
import { interference } from './interference.ts'
import { liveFeeds } from './live-feeds.ts'
import { memory } from './memory.ts'
import { merkle } from './merkle.ts'
import { open } from './open.ts'
import { pgAppend } from './pg-append.ts'
import { pgGrowth } from './pg-growth.ts'
import { pgRebuild } from './pg-rebuild.ts'
import { pgTransfers } from './pg-transfers.ts'
import { readStream } from './read-stream.ts'
import { rebuild } from './rebuild.ts'
import { scan } from './scan.ts'
import { pgStaleness, staleness } from './staleness.ts'
import { timers } from './timers.ts'
import { transfers } from './transfers.ts'
import { upcast } from './upcast.ts'

export const cases: readonly BenchCase[] = [
  appendSequential,
  appendConcurrent,
  appendBatched,
  scan,
  readStream,
  open,
  memory,
  growth,
  fold,
  guard,
  upcast,
  rebuild,
  asOfPoint,
  asOfTable,
  followCase,
  staleness,
  interference,
  liveFeeds,
  merkle,
  auditRefusals,
  httpCommands,
  transfers,
  timers,
  coldStart,
  pgAppend,
  pgGrowth,
  pgRebuild,
  pgTransfers,
  pgStaleness,
  bytes,
  compileCase,
]

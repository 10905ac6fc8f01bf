// The commands, in the order in which the help lists them.
import type { Command } from 'commander'
import type { Session } from '../session.ts'
import { addAccess } from './access/index.ts'
import { addAudit } from './audit.ts'
import { addBackup } from './backup.ts'
import { addBlame, addHistory } from './blame.ts'
import { addCopy } from './copy.ts'
import { addDiff } from './diff.ts'
import { addDocs } from './docs.ts'
import { addDoctor } from './doctor.ts'
import { addEvidence } from './evidence/index.ts'
import { addIndex } from './index-command.ts'
import { addKeys } from './keys/index.ts'
import { addNew } from './new.ts'
import { addProjections } from './projections/index.ts'
import { addProve } from './prove.ts'
import { addRead } from './read.ts'
import { addReplay } from './replay.ts'
import { addReview } from './review.ts'
import { addSagas } from './sagas/index.ts'
import { addSchedules } from './schedules/index.ts'
import { addSchema } from './schema/index.ts'
import { addDev, addServe } from './serve.ts'
import { addStat } from './stat.ts'
import { addState } from './state.ts'
import { addTail } from './tail.ts'
import { addTenants } from './tenants/index.ts'
import { addVerify } from './verify.ts'
import { addWhatIf } from './what-if.ts'

export const commands: readonly ((program: Command, session: Session) => void)[] = [
  addStat,
  addRead,
  addTail,
  addState,
  addDiff,
  addHistory,
  addBlame,
  addAudit,
  addVerify,
  addReplay,
  addReview,
  addWhatIf,
  addProve,
  addEvidence,
  addBackup,
  addCopy,
  addIndex,
  addProjections,
  addSagas,
  addSchedules,
  addKeys,
  addTenants,
  addSchema,
  addAccess,
  addDocs,
  addNew,
  addServe,
  addDev,
  addDoctor,
]

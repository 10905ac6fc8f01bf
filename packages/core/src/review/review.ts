// A review reads declaration and log, and says what an experienced colleague would ask about.
import type { SystemDescription } from '../schema/index.ts'
import { findingsInDeclaration } from './declared.ts'
import { type Acceptance, type Finding, type ReviewRule, reviewRules } from './finding.ts'
import type { LogUse } from './use.ts'
import { findingsInUse } from './used.ts'

export interface Review {
  /** In the order of the rules. */
  readonly findings: readonly Finding[]
  /** Findings that the config accepts, each with its reason. */
  readonly accepted: readonly (Finding & Pick<Acceptance, 'reason'>)[]
}

export interface ReviewOptions {
  /** What the log shows. Without it, the declaration alone is reviewed. */
  readonly use?: LogUse | undefined
  readonly accepted?: readonly Acceptance[]
}

/** Reviews a declared system, see {@link reviewRules}. */
export function reviewOf(system: SystemDescription, { use, accepted = [] }: ReviewOptions = {}): Review {
  const all = [...findingsInDeclaration(system), ...(use ? findingsInUse(system, use) : [])]
  const acceptanceOf = ({ rule, subject }: Finding) =>
    accepted.find((each) => each.rule === rule && each.subject === subject)
  // An acceptance of something that only a log shows is not in vain where no log was read.
  const inVain = accepted
    .filter((each) => (use || !isShownByUse.has(each.rule)) && !all.some((finding) => acceptanceOf(finding) === each))
    .map(
      (each): Finding => ({
        rule: 'accepted-in-vain',
        subject: each.subject,
        message: `"${each.rule}" is accepted for ${each.subject}, and is not found there.`,
        evidence: null,
      }),
    )
  const order = Object.keys(reviewRules)
  const findings = [...all.filter((finding) => !acceptanceOf(finding)), ...inVain]
  return {
    findings: findings.sort((one, other) => order.indexOf(one.rule) - order.indexOf(other.rule)),
    accepted: all.flatMap((finding) => {
      const acceptance = acceptanceOf(finding)
      return acceptance ? [{ ...finding, reason: acceptance.reason }] : []
    }),
  }
}

const isShownByUse: ReadonlySet<ReviewRule> = new Set([
  'stream-grows',
  'aggregates-change-together',
  'stream-contended',
  'refused-often',
])

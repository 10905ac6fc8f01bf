// What a review finds, and what each rule is about.
import { shown } from '../kernel/shown.ts'

export interface Finding {
  readonly rule: ReviewRule
  /** What it is about: `event FundsWithdrawn`, `step withdraw of saga transfer`. */
  readonly subject: string
  /** What was found, in a sentence. */
  readonly message: string
  /** What the log shows; null where the declaration alone says it. */
  readonly evidence: string | null
}

/** A finding that the people who own the system have decided to live with. */
export interface Acceptance {
  readonly rule: ReviewRule
  /** As the finding names it. */
  readonly subject: string
  /** For those who read it later. */
  readonly reason: string
}

interface RuleText {
  /** Why it matters. */
  readonly why: string
  readonly todo: string
}

/** The rules, in the order in which findings are told. */
export const reviewRules = {
  'event-past-tense': {
    why: 'An event is a fact. A name in the past tense says that it has happened and cannot be refused any more.',
    todo: 'Name it by what happened, such as OrderPlaced. The old name can stay readable as a former name.',
  },
  'command-imperative': {
    why: 'A command is a wish that can be refused. A name that tells somebody to do something shows that.',
    todo: 'Begin with a verb: PlaceOrder, WithdrawFunds.',
  },
  'event-crud': {
    why: 'Updated, Changed or Deleted says that data are different now, and not what happened. Nobody can react to the reason, and it is lost for ever.',
    todo: 'Find the reasons that people have for it, and declare an event for each: CustomerMoved, NameCorrected.',
  },
  'event-unheard': {
    why: 'No projection, saga, policy or reaction follows the event. Perhaps a reader is missing, or nobody needs it.',
    todo: 'Add what should follow it, or accept the finding where the event is there for the audit or for the state alone.',
  },
  'command-never-refused': {
    why: 'An aggregate exists to refuse what breaks a rule. A command that it can never refuse checks nothing: also not that its subject exists.',
    todo: 'Ask when it must not happen, and declare that refusal.',
  },
  'step-without-compensation': {
    why: 'When a later step is refused, the saga cannot take this one back.',
    todo: "Declare compensate, or compensate: 'nothing' where nothing has to be taken back.",
  },
  'saga-without-owner': {
    why: 'An instance that cannot go on waits for a person, and nothing says for whom.',
    todo: "Declare owner: 'payments team'.",
  },
  'projection-without-staleness': {
    why: 'Nobody has said how old its rows may be, so nobody is told when they are older.',
    todo: 'Declare staleness: { targetMs: 500 }, or what its readers can live with.',
  },
  'personal-without-erasure': {
    why: 'The log keeps what it has for ever. A person may have the right to be forgotten.',
    todo: 'Keep the personal data elsewhere and record a reference, or decide how they are erased, and accept the finding with that decision as the reason.',
  },
  'personal-unmarked': {
    why: 'The name looks like data about a person, and the declaration does not say so. The documents would show samples of them.',
    todo: "Mark it: event('…', schema, { personal: ['email'] }), or accept the finding if it is none.",
  },
  'stream-grows': {
    why: 'A stream without an end makes loading and snapshots ever slower, and every command on it waits for the one before.',
    todo: 'Look for a period or a unit that ends: an account by year, an order and not a customer.',
  },
  'aggregates-change-together': {
    why: 'Two aggregates that never change without each other are one thing. A saga or two commands do what one commit could.',
    todo: 'Make them one aggregate, or consult facts (a decision model) in one command.',
  },
  'stream-contended': {
    why: 'Many commands want the same stream at the same time, so that they are decided again, or fail.',
    todo: 'Split the aggregate, or let the command decide on facts by tags, which conflicts only where the facts do.',
  },
  'refused-often': {
    why: 'Many are sent and refused for the same reason. Users run into a wall that they could have been shown before.',
    todo: 'Show the reason before the command is sent, from a read table, or ask whether the rule is right.',
  },
  'accepted-in-vain': {
    why: 'An acceptance that fits no finding hides the next one that has its name.',
    todo: 'Remove it from "review" in the config, or correct its rule and subject.',
  },
} as const satisfies Readonly<Record<string, RuleText>>

export type ReviewRule = keyof typeof reviewRules

/** What is wrong with acceptances that a config gives; nothing if they are right. */
export function faultOfAcceptances(given: unknown): string | undefined {
  if (!Array.isArray(given))
    return `"accepted" is ${shown(given)}. Write a list: accepted: [{ rule, subject, reason }].`
  for (const each of given as readonly Partial<Acceptance>[]) {
    const { rule, subject, reason } = each ?? {}
    if (typeof rule !== 'string' || !Object.hasOwn(reviewRules, rule))
      return `${shown(rule)} is no rule. The rules are ${Object.keys(reviewRules).join(', ')}.`
    if (typeof subject !== 'string' || subject === '')
      return `The acceptance of "${rule}" needs the subject of the finding.`
    if (typeof reason !== 'string' || reason.trim() === '')
      return `The acceptance of "${rule}" for ${subject} needs a reason.`
  }
  return undefined
}

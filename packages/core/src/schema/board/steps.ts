// The steps of a saga of a written board.
import { isDuration } from '../../kernel/durations.ts'
import type { BoardStep } from './board.ts'
import type { BoardFindings } from './findings.ts'
import type { OutlineItem } from './outline.ts'
import { nameIn, namesIn, onlyName, plainWords } from './words.ts'

export function stepsIn(items: readonly OutlineItem[], findings: BoardFindings): readonly BoardStep[] {
  return findings.eachOnce(items, (item) => stepIn(item, findings))
}

function stepIn(item: OutlineItem, findings: BoardFindings): BoardStep | undefined {
  const found = nameIn(plainWords(item.text))
  const { value: name, rest = '' } = found ?? {}
  const action = (form: RegExp) => form.exec(rest)
  if (name === undefined) return void findings.unexpected(item, expected)
  const one = (form: RegExp) => onlyName(action(form)?.[1] ?? '')
  const sends = one(/^sends\s+(.*)$/is)
  if (sends !== undefined) {
    const below = new Below(item, findings)
    return {
      name,
      kind: 'step',
      sends,
      timeout: duration(item, below.taken(/^within\s+(\S+)$/i)?.[1], findings) ?? null,
      continueOn: below.names(/^goes on after\s+(.*)$/i),
      compensatesWith: below.compensation(),
      ...below.end('"within 1m", "goes on after NAMES", "taken back by NAME" or "nothing to take back"'),
    }
  }
  const saga = one(/^runs saga\s+(.*)$/is)
  if (saga !== undefined) {
    const below = new Below(item, findings)
    const compensatesWith = below.compensation()
    return {
      name,
      kind: 'child',
      saga,
      compensatesWith,
      ...below.end('"taken back by NAME" or "nothing to take back"'),
    }
  }
  const wait = action(/^waits for\s+(.*?)\s+(?:within\s+(\S+)|without a limit)$/i)
  const event = onlyName(wait?.[1] ?? '')
  if (wait && event !== undefined) return { name, kind: 'await', event, ...waiting(item, wait[2], findings) }
  const asked = action(/^asks a person\s+(?:within\s+(\S+)|without a limit)$/i)
  if (asked) return { name, kind: 'ask', ...waiting(item, asked[1], findings) }
  const slept = action(/^sleeps\s+(?:for\s+(\S+)|until a time)$/i)
  if (slept)
    return {
      name,
      kind: 'sleep',
      for: duration(item, slept[1], findings) ?? null,
      ...new Below(item, findings).end('nothing'),
    }
  const each = action(/^for each item(?:,?\s*at most\s+(\d+)\s+at once)?$/i)
  if (each) return { name, kind: 'each', atOnce: Number(each[1] ?? 10), steps: stepsIn(item.items, findings) }
  const split = action(/^(does all of|chooses one of):?$/i)
  if (split) {
    const kind = split[1]!.toLowerCase() === 'does all of' ? 'parallel' : 'choose'
    const branches = findings.eachOnce(item.items, (branch) => {
      const branchName = onlyName(plainWords(branch.text).replace(/:$/, ''))
      if (branchName !== undefined) return { name: branchName, steps: stepsIn(branch.items, findings) }
      return void findings.unexpected(branch, 'the name of a branch, with its steps below.')
    })
    return { name, kind, branches: Object.fromEntries(branches.map((branch) => [branch.name, branch.steps])) }
  }
  findings.unexpected(item, expected)
  return undefined
}

function waiting(item: OutlineItem, within: string | undefined, findings: BoardFindings) {
  const below = new Below(item, findings)
  const otherwise = below.taken(/^goes on afterwards$/i) ? ('continue' as const) : ('compensate' as const)
  return { within: duration(item, within, findings) ?? 'forever', otherwise, ...below.end('"goes on afterwards"') }
}

function duration(item: OutlineItem, text: string | undefined, findings: BoardFindings): string | undefined {
  if (text !== undefined && !isDuration(text)) findings.unexpected(item, 'a duration, as in 500ms, 30s, 1m, 2h or 7d.')
  return text
}

/** The items below a step. */
class Below {
  readonly #findings: BoardFindings
  #items: readonly OutlineItem[]

  constructor({ items }: OutlineItem, findings: BoardFindings) {
    this.#items = items
    this.#findings = findings
  }

  taken(form: RegExp): RegExpExecArray | undefined {
    for (const item of this.#items) {
      const found = form.exec(plainWords(item.text))
      if (!found) continue
      this.#items = this.#items.filter((each) => each !== item)
      return found
    }
    return undefined
  }

  names(form: RegExp): readonly string[] {
    const found = this.taken(form)
    return found ? (namesIn(found[1]!) ?? []) : []
  }

  compensation(): string | null {
    if (this.taken(/^nothing to take back$/i)) return 'nothing'
    const found = this.taken(/^taken back by\s+(.*)$/i)
    return found ? (onlyName(found[1]!) ?? null) : null
  }

  /** Reports what is left. */
  end(known: string): object {
    for (const item of this.#items) this.#findings.unexpected(item, `below this step, ${known}.`)
    return {}
  }
}

const expected =
  'a step, as in "reserve sends ReserveStock", "money waits for OrderPaid within 30m", "approve asks a person within 2d", "rest sleeps for 1h", "refund runs saga refund", "lines for each item", "both does all of" or "way chooses one of".'

// What a log shows about how its system is used.
import type { SystemDescription } from '../schema/index.ts'
import type { Finding } from './finding.ts'
import type { LogUse } from './use.ts'

/** A stream that is longer than this counts as one without an end. */
export const longStreamEvents = 5_000
/** Fewer requests say nothing about what changes together. */
export const togetherRequestsMin = 100
/** The share of the changes of each of two aggregates that are changes of both. */
export const togetherShare = 0.95
/** Fewer conflicts on a stream are chance. */
export const conflictsMin = 20
/** Fewer refusals for a reason are chance. */
export const refusalsMin = 20
/** The share of a command's tries that are refused for one reason. */
export const refusedShare = 0.2

export function findingsInUse(system: SystemDescription, use: LogUse): readonly Finding[] {
  return [...growing(system, use), ...together(system, use), ...contended(use), ...refusedOften(system, use)]
}

function growing({ aggregates }: SystemDescription, { longest }: LogUse): readonly Finding[] {
  return aggregates.flatMap(({ category }): Finding[] => {
    const { stream, events } = longest.get(category) ?? { stream: '', events: 0 }
    if (events <= longStreamEvents) return []
    return [
      {
        rule: 'stream-grows',
        subject: `aggregate ${category}`,
        message: `Streams of "${category}" have no end.`,
        evidence: `${stream} has ${number(events)} events.`,
      },
    ]
  })
}

function together({ aggregates }: SystemDescription, { changedTogether }: LogUse): readonly Finding[] {
  const categories = aggregates.map(({ category }) => category).sort()
  const sets = [...changedTogether].map(([key, count]) => ({ count, in: new Set(key.split(' ')) }))
  const countOf = (...all: readonly string[]) =>
    sets.filter((each) => all.every((category) => each.in.has(category))).reduce((sum, { count }) => sum + count, 0)
  return categories.flatMap((one, index) =>
    categories.slice(index + 1).flatMap((other): Finding[] => {
      const both = countOf(one, other)
      if (both < togetherRequestsMin || both < togetherShare * Math.max(countOf(one), countOf(other))) return []
      const evidence = `Of ${number(countOf(one))} requests that changed "${one}" and ${number(countOf(other))} that changed "${other}", ${number(both)} changed both.`
      return [
        {
          rule: 'aggregates-change-together',
          subject: `aggregates ${one} and ${other}`,
          message: `"${one}" and "${other}" change together.`,
          evidence,
        },
      ]
    }),
  )
}

function contended({ conflicts }: LogUse): readonly Finding[] {
  return [...conflicts]
    .filter(([, count]) => count >= conflictsMin)
    .sort(([, one], [, other]) => other - one)
    .map(([stream, count]) => ({
      rule: 'stream-contended',
      subject: `stream ${stream}`,
      message: `Commands compete for ${stream}.`,
      evidence: `${number(count)} commands met a conflict there.`,
    }))
}

function refusedOften({ commands }: SystemDescription, { commands: uses }: LogUse): readonly Finding[] {
  return commands.flatMap(({ category, type }) => {
    const { accepted = 0, refused = new Map<string, number>() } = uses.get(`${category}/${type}`) ?? {}
    const all = accepted + [...refused.values()].reduce((sum, count) => sum + count, 0)
    return [...refused]
      .filter(([, count]) => count >= refusalsMin && count >= refusedShare * all)
      .map(
        ([reason, count]): Finding => ({
          rule: 'refused-often',
          subject: `refusal ${reason} of command ${category}/${type}`,
          message: `"${type}" is often refused with "${reason}".`,
          evidence: `${number(count)} of ${number(all)} tries, ${Math.round((100 * count) / all)} %.`,
        }),
      )
  })
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

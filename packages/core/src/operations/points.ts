// The points of history that callers may ask for.
import { type AsOf, checkedPoint, pointOfText } from '../history/points.ts'
import { isIndelibleError } from '../kernel/errors.ts'
import { given, type InputOf, invalid, text, wholeNumber } from './parameters.ts'

const day =
  'an RFC 3339 date-time, or a day, which stands for all of it (UTC): what came before the next day begins is in'

/** A point of the whole log: at most one of position and recordedAt, each with or without validAt. */
export const pointsOfLog = {
  position: wholeNumber({ description: 'As it was at this position of the log.' }),
  recordedAt: text({ description: `As it was recorded at this time: ${day}.` }),
  validAt: text({
    description:
      'As it was true at this time, including events recorded later. With position or recordedAt: as it was known then about this time.',
  }),
}

/** The same, or a version of an aggregate. */
export const pointsOfAggregate = {
  version: wholeNumber({ description: 'As it was after this many of its events.' }),
  ...pointsOfLog,
}

export function asOfIn(points: InputOf<typeof pointsOfAggregate>): AsOf | undefined {
  const { version, position, recordedAt, validAt } = points
  const asked = given({ version, position, recordedAt, validAt })
  const names = Object.keys(asked)
  if (names.length === 0) return undefined
  const known = names.filter((name) => name !== 'validAt')
  if (known.length > 1) throw invalid(known[1]!, `Give only one point of history, not ${known.join(' and ')}.`)
  return fitting(names.at(-1)!, () => checkedPoint(asked) as AsOf)
}

const forms = 'version:3, position:120, recorded:2026-01-31, valid:2026-01-31, or recorded:2026-02-15,valid:2026-01-31'
export const pointText = (which: string) => text({ description: `${which}: ${forms}.` })

export function pointIn(name: string, given: string): AsOf {
  return fitting(name, () => pointOfText(given))
}

function fitting<Result>(name: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (isIndelibleError(error, 'invalid_position')) throw invalid(name, error.message)
    throw error
  }
}

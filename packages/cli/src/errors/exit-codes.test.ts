import { readFileSync } from 'node:fs'
import { errorCodes } from 'indelible'
import { expect, test } from 'vitest'
import { bin } from '../../test/support.ts'
import { cliErrorCodes } from './errors.ts'
import { exitCodes, exitMeanings, outcomeOf } from './exit-codes.ts'

test('the exit codes do not change, because scripts rely on them', () => {
  expect(exitCodes).toEqual({
    ok: 0,
    fault: 1,
    usage: 2,
    notFound: 3,
    damaged: 4,
    nodeTooOld: 5,
    differs: 6,
    incompatible: 7,
    interrupted: 130,
  })
  expect(Object.keys(exitMeanings)).toEqual(Object.keys(exitCodes))
})

test('every error that has an outcome exists', () => {
  const known = new Set([...Object.keys(errorCodes), ...Object.keys(cliErrorCodes)])
  expect(Object.keys(outcomeOf).filter((code) => !known.has(code))).toEqual([])
})

test('the binary ends with the documented code if Node is too old', () => {
  expect(readFileSync(bin, 'utf8')).toContain(`process.exit(${exitCodes.nodeTooOld})`)
})

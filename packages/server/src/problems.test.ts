import { type ErrorCode, errorCodes, IndelibleError } from 'indelible'
import { describe, expect, test, vi } from 'vitest'
import { HttpError, type HttpErrorCode, httpErrors, problemOf, statusOf } from './problems.ts'

const told = ['wait_timeout', 'projection_parked', 'table_mismatch', 'table_outdated', 'table_diverged', 'aborted']

describe.each(Object.keys(errorCodes) as ErrorCode[])('the error %s', (code) => {
  const status = statusOf[code]

  test('becomes a problem with its status, its meaning and a stable type', async () => {
    const response = problemOf(new IndelibleError(code, 'What happened.'), () => {})
    const { meaning, retryable } = errorCodes[code]
    const type = `urn:indelible:error:${code}`
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ type, title: meaning, status, retryable })
  })

  test('says when to retry if that may help', () => {
    const response = problemOf(new IndelibleError(code, 'What happened.'), () => {})
    expect(response.headers.has('retry-after')).toBe(errorCodes[code].retryable)
  })

  test('reports what happened to the client or to the operators of the server', async () => {
    const onSecret = vi.fn()
    const error = new IndelibleError(code, 'What happened.', { details: { path: '/var/log' } })
    const body = await problemOf(error, onSecret).text()
    const isTold = status < 500 || told.includes(code)
    expect(body.includes('What happened.')).toBe(isTold)
    expect(body.includes('/var/log')).toBe(isTold)
    expect(onSecret.mock.calls).toEqual(isTold ? [] : [[error]])
  })
})

test.each(Object.keys(httpErrors) as HttpErrorCode[])('the problem %s has a name of its own', async (code) => {
  const response = problemOf(new HttpError(code, 'What happened.', { members: { stream: 's' } }), () => {})
  expect(errorCodes).not.toHaveProperty(code)
  expect(response.status).toBe(httpErrors[code].status)
  expect(await response.json()).toEqual({
    type: `urn:indelible:error:${code}`,
    title: httpErrors[code].meaning,
    status: httpErrors[code].status,
    detail: 'What happened.',
    stream: 's',
  })
})

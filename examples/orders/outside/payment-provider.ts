// A fake payment provider: a file with a line for each key that it decided on, and nothing is ever taken out. It looks at keys as a real one has to.
import { appendFileSync, readFileSync } from 'node:fs'
import type { ServiceConnection, ServiceRequest, ServiceResponse } from 'indelible'
import { outsideFile } from './place.ts'

/** It holds so much for one order. */
const centsMax = 100_000

export interface Payment {
  readonly authorisation: string
  readonly cents: number
  readonly currency: string
  readonly status: 'held' | 'captured' | 'returned'
}

/** What was decided on a request, once for its key. */
interface Decision {
  readonly key: string
  readonly answer: ServiceResponse
  /** As it is from then on. */
  readonly payment?: Payment
}

/** In production this is `httpService({ url: 'https://payments.example', headers: { Authorization: … } })`. */
export const paymentProvider: ServiceConnection = {
  async call({ idempotencyKey: key, ...request }) {
    const [, , which, what] = request.path.split('/').map(decodeURIComponent)
    if (which === 'by-key') return givenUp(what!)
    const answer = answerTo(key)
    if (answer) return answer
    const decision = { key, ...decided(request, which) }
    keep(decision)
    return decision.answer
  },
}

/** Every payment as it is now. */
export function payments(): readonly Payment[] {
  const all = decisions().flatMap(({ payment }) => payment ?? [])
  return [...new Map(all.map((payment) => [payment.authorisation, payment])).values()]
}

/** A key that was not seen yet gets its answer too: it is given up. */
function givenUp(key: string): ServiceResponse {
  const before = answerTo(key)
  if (!before) keep({ key, answer: { status: 410, body: { title: 'It was given up.' } } })
  return { status: !before || before.status === 410 ? 204 : 409, body: undefined }
}

function decided(
  { method, body }: Omit<ServiceRequest, 'idempotencyKey'>,
  which: string | undefined,
): Omit<Decision, 'key'> {
  const all = payments()
  if (which === undefined) {
    const { cents, currency } = body as { readonly cents: number; readonly currency: string }
    if (cents > centsMax) return { answer: { status: 402, body: { centsMax } } }
    const payment: Payment = { authorisation: `a${all.length + 1}`, cents, currency, status: 'held' }
    return { answer: { status: 201, body: payment }, payment }
  }
  const found = all.find(({ authorisation }) => authorisation === which)
  if (!found || found.status === 'returned')
    return { answer: { status: 404, body: { title: 'There is no such payment.' } } }
  const payment: Payment = { ...found, status: method === 'DELETE' ? 'returned' : 'captured' }
  return { answer: { status: 200, body: payment }, payment }
}

function answerTo(key: string): ServiceResponse | undefined {
  return decisions().find((each) => each.key === key)?.answer
}

function decisions(): readonly Decision[] {
  const lines = readFileSync(file(), { encoding: 'utf8', flag: 'a+' }).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
}

function keep(decision: Decision): void {
  appendFileSync(file(), `${JSON.stringify(decision)}\n`)
}

const file = () => outsideFile('payments.jsonl')

// A transfer between two banks is one trace, from the request of the client to the answer of the partner, whether it is credited or taken back.
import { openTelemetry } from '@indelible/opentelemetry'
import { httpSystem, serve } from '@indelible/server'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { startSystem } from 'indelible'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { ask, tell } from '../ask-bank.ts'
import { bank } from '../bank.ts'
import { freePort } from '../bank-process.ts'

// What an SDK does when it is started.
beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterAll(() => context.disable())

/** A bank with a tracer of its own, on a port, as a process of its own would be. */
async function openBank({ port, partner }: { readonly port: number; readonly partner: number }) {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const running = startSystem(bank, {
    remotes: { partner: httpSystem({ url: `http://127.0.0.1:${partner}` }) },
    telemetry: { tracer: openTelemetry({ tracerProvider }).tracer },
  })
  const server = await serve(running, { port })
  onTestFinished(async () => {
    await server.close()
    await running.close()
  })
  return { url: server.url, running, spans: () => exporter.getFinishedSpans() }
}

async function twoBanks() {
  const [nearPort, farPort] = [await freePort(), await freePort()]
  const near = await openBank({ port: nearPort, partner: farPort })
  const far = await openBank({ port: farPort, partner: nearPort })
  await tell(near.url, 'account/ann/OpenAccount', { owner: 'Ann' }, 'open ann')
  await tell(near.url, 'account/ann/DepositFunds', { amount: 1_000 }, 'fund ann')
  await tell(far.url, 'account/ben/OpenAccount', { owner: 'Ben' }, 'open ben')
  return { near, far }
}

const traceId = '0af7651916cd43dd8448eb211c80319c'
const ofClient = 'b7ad6b7169203331'

/** Sends a transfer as a client that traces, and waits for its end. */
async function transfer(near: { readonly url: string }, order: object): Promise<string> {
  await fetch(`${near.url}/commands/remittance/r1/RequestRemittance`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': 'r1',
      traceparent: `00-${traceId}-${ofClient}-01`,
    },
    body: JSON.stringify({ from: 'ann', amount: 200, ...order }),
  })
  return (await ask(near.url, '/sagas/remittance/r1?waitMs=20000')).body.status
}

const isOfTrace = (span: ReadableSpan) => span.spanContext().traceId === traceId

/** Each span as a line, with how deep it is in its bank and where its parent is. Throws for one whose parent is nowhere. */
function traceOf(banks: Readonly<Record<'near' | 'far', { spans(): readonly ReadableSpan[] }>>): readonly string[] {
  const all = Object.entries(banks).flatMap(([bank, { spans }]) =>
    spans()
      .filter(isOfTrace)
      .map((span) => ({ bank, span })),
  )
  const byId = new Map(all.map((each) => [each.span.spanContext().spanId, each]))
  return all.map(({ bank, span }) => {
    const parentId = span.parentSpanContext?.spanId ?? ''
    const parent = byId.get(parentId)
    if (!parent && parentId !== ofClient) throw new Error(`${bank}: ${span.name} has no parent in the trace.`)
    return `${bank}: ${span.name} < ${parent ? `${parent.bank}: ${parent.span.name}` : 'client'}`
  })
}

/** The end of a saga is seen before the last spans have ended. */
async function whenTraced(banks: Parameters<typeof traceOf>[0], lines: readonly string[]): Promise<void> {
  await vi.waitFor(() => expect(traceOf(banks)).toEqual(expect.arrayContaining([...lines])), { timeout: 10_000 })
}

/** Whatever was done for the transfer: none of it may be in another trace. */
function strays({ spans }: { spans(): readonly ReadableSpan[] }): readonly string[] {
  const setUp = ['command OpenAccount', 'command DepositFunds', 'append account', 'operation sendCommand']
  return spans()
    .filter((span) => !isOfTrace(span))
    .map(({ name }) => name)
    .filter((name) => /^(command|append|saga|step|send|operation (sendCommand|claimCommand))/.test(name))
    .filter((name) => !setUp.includes(name))
}

test('a transfer that is credited is one trace through both banks', async () => {
  const { near, far } = await twoBanks()
  expect(await transfer(near, { to: 'ben' })).toBe('completed')
  await whenTraced({ near, far }, [
    'near: POST /commands/{category}/{id}/{command} < client',
    'near: operation sendCommand < near: POST /commands/{category}/{id}/{command}',
    'near: command RequestRemittance < near: operation sendCommand',
    'near: append remittance < near: command RequestRemittance',
    'near: saga remittance < near: command RequestRemittance',
    'near: step withdraw < near: saga remittance',
    'near: command WithdrawFunds < near: step withdraw',
    'near: step way/ordinary/send < near: saga remittance',
    'near: send ReceiveTransfer < near: step way/ordinary/send',
    'far: POST /commands/{category}/{id}/{command} < near: send ReceiveTransfer',
    'far: operation sendCommand < far: POST /commands/{category}/{id}/{command}',
    'far: command ReceiveTransfer < far: operation sendCommand',
    'far: saga incoming < far: command ReceiveTransfer',
    'far: step deposit < far: saga incoming',
    'far: command DepositFunds < far: step deposit',
    'far: command CreditTransfer < far: step answer/credited/tell',
    'near: append partner.incoming < far: command CreditTransfer',
  ])
  expect([...strays(near), ...strays(far)]).toEqual([])

  // The answer came back over the feed, in the same trace, and the saga links to the command there that it came from.
  const credited = far.spans().find(({ name }) => name === 'command CreditTransfer')!
  const links = near.spans().flatMap((span) => (span.name === 'saga remittance' ? span.links : []))
  expect(links.map(({ context }) => context.spanId)).toContain(credited.spanContext().spanId)
  // Every event of the transfer names the span that recorded it.
  for (const { running, spans } of [near, far]) {
    const ids = new Set([...near.spans(), ...far.spans(), ...spans()].map((span) => span.spanContext().spanId))
    const batches = await Array.fromAsync(running.store.read('all', { reserved: true }))
    const events = batches
      .flatMap((batch) => batch.events)
      .filter(({ category }) => /remittance|incoming/.test(category))
    expect(events.length).toBeGreaterThan(4)
    for (const { metadata } of events) {
      const [, trace, span] = metadata.traceparent!.split('-')
      expect([trace, ids.has(span!)]).toEqual([traceId, true])
    }
  }
})

test('so is a transfer that the partner returns and that is taken back', async () => {
  const { near, far } = await twoBanks()
  expect(await transfer(near, { to: 'nobody' })).toBe('compensated')
  await whenTraced({ near, far }, [
    'far: command ReturnTransfer < far: step answer/returned/tell',
    'near: command ReverseWithdrawal < near: step withdraw',
  ])
  expect([...strays(near), ...strays(far)]).toEqual([])
  const refused = far
    .spans()
    .find(({ name, attributes }) => name === 'command DepositFunds' && attributes['indelible.reason'])
  expect(refused?.attributes).toMatchObject({ 'indelible.outcome': 'refused', 'indelible.reason': 'NoSuchAccount' })
})

test('so is an instant transfer, and no attribute has data of an event or an id', async () => {
  const { near, far } = await twoBanks()
  expect(await transfer(near, { to: 'ben', isInstant: true })).toBe('completed')
  await whenTraced({ near, far }, ['near: send DepositFunds < near: step way/instant/deposit'])
  const told = [...near.spans(), ...far.spans()].map(({ name, attributes }) => JSON.stringify([name, attributes]))
  expect(
    told.filter((each) => /ann|ben\b|r1|200\b(?!})/i.test(each.replace(/"http.response.status_code":200/, ''))),
  ).toEqual([])
})

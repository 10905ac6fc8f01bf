// The bridge with a real SDK, and the packages without one.
import { execFileSync } from 'node:child_process'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { aggregate, defineSystem, event, type RunningSystem, reaction, startSystem } from 'indelible'
import { instruments, secondsBounds } from 'indelible/adapter'
import { operations } from 'indelible/operations'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { openTelemetry } from './index.ts'

const Rung = event('Rung', z.object({ times: z.int().positive() }))
const bell = aggregate('bell', { initialState: {} }).on(Rung, (state) => state)
const Ring = bell.command('Ring', { input: Rung.schema, emits: [Rung], decide: (_state, data) => Rung(data) })

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterAll(() => context.disable())

function tower(options: ConstructorParameters<typeof TracerProvider>[0] = {}) {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new TracerProvider({ ...options, spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const own = tracerProvider.getTracer('own')
  const hears = reaction('hears').on(Rung, async () => own.startSpan('of the user').end())
  const running = startSystem(defineSystem({ name: 'tower', commands: [Ring], reactions: [hears] }), {
    telemetry: openTelemetry({ tracerProvider }),
  })
  onTestFinished(() => running.close())
  const span = (name: string) =>
    vi.waitUntil(() => exporter.getFinishedSpans().find((each) => each.name === name), { timeout: 10_000 })
  return { running, own, span, exporter }
}

async function recorded(running: RunningSystem): Promise<string | undefined> {
  const [batch] = await Array.fromAsync(running.store.read([{ types: ['Rung'] }]))
  return batch!.events[0]!.metadata.traceparent
}

test('a command continues the active span of its caller, and its event names it', async () => {
  const { running, own, span } = tower()
  await own.startActiveSpan('caller', async (caller) => {
    await running.send(Ring('a', { times: 1 }))
    caller.end()
  })
  const [caller, command] = [await span('caller'), await span('command Ring')]
  expect(command.parentSpanContext?.spanId).toBe(caller.spanContext().spanId)
  const { traceId, spanId } = command.spanContext()
  expect(await recorded(running)).toBe(`00-${traceId}-${spanId}-01`)
})

test('what runs in the background continues its event, and not the span in which the system was started', async () => {
  const { own, span, running } = await trace.getTracer('none').startActiveSpan('start', async () => tower())
  await own.startActiveSpan('caller', async (caller) => {
    await running.send(Ring('a', { times: 1 }))
    caller.end()
  })
  const [command, reacted] = [await span('command Ring'), await span('react hears')]
  expect(reacted.parentSpanContext?.spanId).toBe(command.spanContext().spanId)
  // The span of the reaction is active while it runs.
  expect((await span('of the user')).parentSpanContext?.spanId).toBe(reacted.spanContext().spanId)
})

test('a trace that is not sampled is recorded as such, and exports nothing', async () => {
  const { running, exporter } = tower({ sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }) })
  await running.send(Ring('a', { times: 1 }))
  expect(await recorded(running)).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/)
  expect(exporter.getFinishedSpans()).toEqual([])
})

test('a span that failed has the code of the error, and no message', async () => {
  const { running, span } = tower()
  const input = { category: 'bell', id: 'a', command: 'Ring', input: { times: -1 } }
  await expect(operations.sendCommand.run(running, input)).rejects.toThrow('times')
  for (const name of ['command Ring', 'operation sendCommand']) {
    const { attributes, status, events } = await span(name)
    expect(attributes['error.type']).toBe('invalid_command')
    expect([status, events]).toEqual([{ code: 2 }, []])
  }
})

test('without an SDK it does nothing', async () => {
  const running = startSystem(defineSystem({ name: 'tower', commands: [Ring] }), { telemetry: openTelemetry() })
  onTestFinished(() => running.close())
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await running.send(Ring('a', { times: 1 }), { traceparent })
  expect(await recorded(running)).toBe(traceparent)
})

test('the instruments of the list are exported, with their units and bounds', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const running = startSystem(defineSystem({ name: 'tower', commands: [Ring] }), {
    telemetry: { meter: openTelemetry({ meterProvider }).meter },
  })
  onTestFinished(() => running.close())
  await running.send(Ring('a', { times: 1 }))
  await reader.forceFlush()
  const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
  const of = (name: string) => metrics.find(({ descriptor }) => descriptor.name === name)!
  const { descriptor, dataPoints } = of(instruments.commandDuration.name)
  expect([descriptor.unit, descriptor.description]).toEqual(['s', instruments.commandDuration.meaning])
  const [point] = dataPoints
  expect(point!.attributes).toEqual({
    'indelible.category': 'bell',
    'indelible.command': 'Ring',
    'indelible.outcome': 'accepted',
  })
  expect(point!.value).toMatchObject({ count: 1, buckets: { boundaries: [...secondsBounds] } })
  expect(of(instruments.logHead.name).dataPoints).toMatchObject([{ value: 1, attributes: {} }])
  expect(of(instruments.memoryUsage.name).dataPoints[0]!.value).toBeGreaterThan(1_000_000)
  await meterProvider.shutdown()
})

test.each([
  { packages: ['indelible', 'indelible/file', 'indelible/operations', 'indelible/adapter'], by: [] },
  // Its Prometheus client asks for it, for a metric that we do not use.
  { packages: ['@indelible/server', '@indelible/cli'], by: ['@prometheus-io/client'] },
])('$packages import nothing of OpenTelemetry by themselves', ({ packages, by }) => {
  const program = `
    import { registerHooks } from 'node:module'
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier.startsWith('@opentelemetry/')) console.log(context.parentURL)
        return next(specifier, context)
      },
    })
    for (const name of ${JSON.stringify(packages)}) await import(name)
    const { startSystem, defineSystem } = await import('indelible')
    await startSystem(defineSystem({ name: 'empty', commands: [] })).close()`
  const args = ['--conditions=@indelible/source', '--input-type=module', '--eval', program]
  const importers = execFileSync(process.execPath, args, { encoding: 'utf8' }).split('\n')
  const others = importers.filter((url) => url !== '' && !/node_modules\/@opentelemetry\//.test(url))
  expect(new Set(others.map((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? url))).toEqual(new Set(by))
})

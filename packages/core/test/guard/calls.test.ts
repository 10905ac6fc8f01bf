// What domain code may not call, and what it may: each is tried in a decision.
import childProcess, { execSync } from 'node:child_process'
import nodeCrypto, { randomUUID } from 'node:crypto'
import dns from 'node:dns'
import fs, { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import net, { connect } from 'node:net'
import os from 'node:os'
import { performance as performanceOfModule } from 'node:perf_hooks'
import { env, nextTick } from 'node:process'
import { setTimeout as setTimeoutOfModule } from 'node:timers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { decideWith, refusedCall } from './domain.ts'

const file = import.meta.filename
const day = new Date(0)
const money = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' })
const { now: nowOfModule } = { now: () => Date.now() }

const refused: Record<string, readonly [string, () => unknown]> = {
  'Date.now()': ['Date.now', () => Date.now()],
  'new Date()': ['new Date()', () => new Date()],
  'Date()': ['Date()', () => Date()],
  'a Date through the constructor of a date': ['new Date()', () => new (day.constructor as DateConstructor)()],
  'the same of a date that the decision made': ['Date.now', () => (new Date(0).constructor as DateConstructor).now()],
  'a Date by Reflect': ['new Date()', () => Reflect.construct(Date, [])],
  'a class that extends Date': ['new Date()', () => new (class extends Date {})()],
  'a function of another module': ['Date.now', () => nowOfModule()],
  'Math.random()': ['Math.random', () => Math.random()],
  'crypto.randomUUID()': ['crypto.randomUUID', () => crypto.randomUUID()],
  'crypto.getRandomValues()': ['crypto.getRandomValues', () => crypto.getRandomValues(new Uint8Array(1))],
  'randomUUID of node:crypto': ['crypto.randomUUID', () => nodeCrypto.randomUUID()],
  'randomUUID as a named import': ['crypto.randomUUID', () => randomUUID()],
  'randomBytes of node:crypto': ['crypto.randomBytes', () => nodeCrypto.randomBytes(1)],
  'performance.now()': ['performance.now', () => performance.now()],
  'performance.timeOrigin': ['performance.timeOrigin', () => performance.timeOrigin],
  'performance of node:perf_hooks': ['performance.now', () => performanceOfModule.now()],
  'process.hrtime()': ['process.hrtime', () => process.hrtime()],
  'process.hrtime.bigint()': ['process.hrtime.bigint', () => process.hrtime.bigint()],
  'process.uptime()': ['process.uptime', () => process.uptime()],
  setTimeout: ['setTimeout', () => setTimeout(() => {}, 0)],
  setInterval: ['setInterval', () => setInterval(() => {}, 1000)],
  setImmediate: ['setImmediate', () => setImmediate(() => {})],
  queueMicrotask: ['queueMicrotask', () => queueMicrotask(() => {})],
  'process.nextTick': ['process.nextTick', () => process.nextTick(() => {})],
  'nextTick as a named import': ['process.nextTick', () => nextTick(() => {})],
  'setTimeout of node:timers': ['setTimeout', () => setTimeoutOfModule(() => {}, 0)],
  'setTimeout of node:timers/promises': ['timers.promises.setTimeout', () => sleep(0)],
  fetch: ['fetch', () => fetch('http://127.0.0.1:1')],
  WebSocket: ['WebSocket', () => new WebSocket('ws://127.0.0.1:1')],
  'fs.readFileSync': ['fs.readFileSync', () => fs.readFileSync(file)],
  'readFileSync as a named import': ['fs.readFileSync', () => readFileSync(file)],
  'fs.readFile': ['fs.readFile', () => fs.readFile(file, () => {})],
  'fs.promises.readFile': ['fs.promises.readFile', () => fs.promises.readFile(file)],
  'readFile of node:fs/promises': ['fs.promises.readFile', () => readFile(file)],
  'fs.existsSync': ['fs.existsSync', () => fs.existsSync(file)],
  'fs.createReadStream': ['fs.createReadStream', () => fs.createReadStream(file)],
  'fs.realpathSync.native': ['fs.realpathSync.native', () => fs.realpathSync.native(file)],
  'fs.writeFileSync': ['fs.writeFileSync', () => fs.writeFileSync('/dev/null', '')],
  execSync: ['child_process.execSync', () => execSync('true')],
  'child_process.spawn': ['child_process.spawn', () => childProcess.spawn('true')],
  'net.connect': ['net.connect', () => connect(1)],
  'a socket that connects': ['net.Socket.connect', () => new net.Socket().connect(1)],
  'a server that listens': ['net.Server.listen', () => new net.Server().listen(0)],
  'http.request': ['http.request', () => http.request('http://127.0.0.1:1')],
  'https.get': ['https.get', () => https.get('https://127.0.0.1:1')],
  'dns.lookup': ['dns.lookup', () => dns.lookup('localhost', () => {})],
  Worker: ['worker_threads.Worker', () => new Worker('', { eval: true })],
  'os.hostname': ['os.hostname', () => os.hostname()],
  'process.env.HOME': ['process.env.HOME', () => process.env.HOME],
  'a variable that is looked for': ['process.env.HOME', () => 'HOME' in process.env],
  'all of process.env': ['process.env', () => Object.keys(process.env)],
  'env as a named import': ['process.env.HOME', () => env.HOME],
  'process.cwd': ['process.cwd', () => process.cwd()],
  'new Intl.DateTimeFormat': ['Intl.DateTimeFormat', () => new Intl.DateTimeFormat('en', { timeZone: 'UTC' })],
  'Intl.Collator': ['Intl.Collator', () => Intl.Collator('de')],
  'a format that was made before': ['Intl.NumberFormat.format', () => money.format(1)],
  'toLocaleString of a number': ['toLocaleString()', () => (1000).toLocaleString()],
  'toLocaleString of a number for a locale': ['toLocaleString()', () => (1000).toLocaleString('de')],
  'toLocaleString of a list': ['toLocaleString()', () => [1000].toLocaleString()],
  localeCompare: ['localeCompare()', () => 'a'.localeCompare('b')],
  toLocaleUpperCase: ['toLocaleUpperCase()', () => 'i'.toLocaleUpperCase()],
  'toLocaleDateString of a date': ['toLocaleDateString() of a Date', () => day.toLocaleDateString('en')],
  'the local hour': ['getHours() of a Date', () => day.getHours()],
  'the local year': ['getFullYear() of a Date', () => new Date(0).getFullYear()],
  'the offset of the zone': ['getTimezoneOffset() of a Date', () => day.getTimezoneOffset()],
  'setting the local hour': ['setHours() of a Date', () => new Date(0).setHours(1)],
  'a date as text': ['toString() of a Date', () => `${day}`],
  toDateString: ['toDateString() of a Date', () => day.toDateString()],
  'a date of local parts': ['new Date(year, month, …)', () => new Date(2026, 0, 31)],
  'a date-time without a zone': ['the date "2026-01-31T10:00", which has no zone,', () => new Date('2026-01-31T10:00')],
  'a date that seems to end with an offset': [
    'the date "01-31-2026", which has no zone,',
    () => new Date('01-31-2026').getTime(),
  ],
  'a date with a month in words': ['the date "31-Jan-2026", which has no zone,', () => Date.parse('31-Jan-2026')],
  'a year that is not of ISO 8601': ['the date "12345", which has no zone,', () => Date.parse('12345')],
  'a zone in a comment': [
    'the date "2026-01-31 10:00 (UTC)", which has no zone,',
    () => Date.parse('2026-01-31 10:00 (UTC)'),
  ],
  'process.exit': ['process.exit', () => process.exit()],
  'process.kill': ['process.kill', () => process.kill(process.pid, 0)],
  'process.chdir': ['process.chdir', () => process.chdir('.')],
  'process.availableMemory': ['process.availableMemory', () => process.availableMemory()],
  'process.getuid': ['process.getuid', () => process.getuid?.()],
  'the language of the machine': ['navigator.language', () => navigator.language],
  'AbortSignal.timeout': ['AbortSignal.timeout', () => AbortSignal.timeout(1000)],
  'a resolver of names': ['dns.Resolver.resolve4', () => new dns.Resolver().resolve4('localhost', () => {})],
  'another text without a zone': ['the date "Jan 31 2026", which has no zone,', () => Date.parse('Jan 31 2026')],
}

describe('domain code may not use', () => {
  test.each(Object.entries(refused))('%s', (_what, [call, run]) => {
    expect(refusedCall(run)).toBe(call)
  })
})

const allowed: Record<string, readonly [string, () => unknown]> = {
  'a date of milliseconds, and its UTC parts': [
    '1970 0',
    () => `${new Date(0).getUTCFullYear()} ${new Date(0).getUTCHours()}`,
  ],
  'a date of a date': ['5', () => new Date(new Date(5)).getTime()],
  'the milliseconds of a date': ['7', () => new Date(7).getMilliseconds()],
  'a date-time with a zone': ['1767225600000', () => new Date('2026-01-01T00:00:00Z').getTime()],
  'a date-time with an offset': ['1767222000000', () => Date.parse('2026-01-01T00:00:00+01:00')],
  'a date alone, which is UTC': ['1767225600000', () => Date.parse('2026-01-01')],
  'an offset behind a time that is no ISO 8601': ['1769850000000', () => Date.parse('Jan 31 2026 10:00 +0100')],
  'an offset behind the name of a zone': ['1769850000000', () => Date.parse('Jan 31 2026 10:00 GMT+0100 (CET)')],
  'the name of a zone': ['1769842800000', () => Date.parse('Jan 31 2026 02:00 EST')],
  'a date of HTTP': ['0', () => Date.parse('Thu, 01 Jan 1970 00:00:00 GMT')],
  'text that is no date': ['NaN', () => Date.parse('no date')],
  'Date.UTC': ['0', () => Date.UTC(1970, 0)],
  toISOString: ['1970-01-01T00:00:00.000Z', () => new Date(0).toISOString()],
  toJSON: ['"1970-01-01T00:00:00.000Z"', () => JSON.stringify(new Date(0))],
  setUTCHours: ['3600000', () => new Date(0).setUTCHours(1)],
  'a difference of dates': ['5', () => Number(new Date(7)) - Number(new Date(2))],
  'instanceof Date': ['true true', () => `${new Date(0) instanceof Date} ${day instanceof Date}`],
  'other functions of Math': ['3', () => Math.max(1, 3)],
  'a hash': ['9f86d0', () => nodeCrypto.createHash('sha256').update('test').digest('hex').slice(0, 6)],
  'the order of text by its code': ['a,b', () => ['b', 'a'].sort().join()],
  'lower case': ['i', () => 'I'.toLowerCase()],
  'the base name of a path, JSON, copies': ['{"a":1}', () => JSON.stringify(structuredClone({ a: 1 }))],
  'a locale that is only written in its usual form': ['en-US', () => Intl.getCanonicalLocales('EN-us')[0]],
}

describe('domain code may use', () => {
  test.each(Object.entries(allowed))('%s', (_what, [answer, run]) => {
    expect(decideWith(run)).toBe(answer)
  })

  test('the console, to look for a fault', () => {
    expect(refusedCall(() => console.debug('seen in a decision'))).toBeUndefined()
  })
})

test('outside of domain code everything works as before', async () => {
  refusedCall(() => Date.now())
  expect(Math.abs(Date.now() - Date.parse(new Date().toISOString()))).toBeLessThan(60_000)
  expect(new Date(2026, 0, 31).getDate()).toBe(31)
  const now = Date()
  expect(now).toBe(String(new Date(now)))
  expect(new (class Day extends Date {})(0)).toBeInstanceOf(Date)
  expect([Date.name, Date.length, setTimeout.name, new Date(0).constructor === Date]).toEqual([
    'Date',
    7,
    'setTimeout',
    true,
  ])
  expect(structuredClone(new Date(3))).toEqual(new Date(3))
  expect(readFileSync(file, 'utf8')).toBe(await readFile(file, 'utf8'))
  expect(await sleep(1, 'done')).toBe('done')
  expect(await new Promise((resolve) => setTimeout(resolve, 0, 'late'))).toBe('late')
  expect(new Intl.NumberFormat('en').format(1000)).toBe('1,000')
  expect(['ä', 'a'].sort(new Intl.Collator('de').compare)).toEqual(['a', 'ä'])
  process.env.INDELIBLE_GUARD = 7 as never
  expect([process.env.INDELIBLE_GUARD, 'INDELIBLE_GUARD' in process.env]).toEqual(['7', true])
  expect(execSync('echo $INDELIBLE_GUARD', { encoding: 'utf8' })).toBe('7\n')
  expect(execSync('echo $INDELIBLE_GUARD', { encoding: 'utf8', env: process.env })).toBe('7\n')
  delete process.env.INDELIBLE_GUARD
  expect({ ...process.env }).not.toHaveProperty('INDELIBLE_GUARD')
  const worker = new Worker('require("worker_threads").parentPort.postMessage(process.env.PATH)', {
    eval: true,
    env: process.env,
  })
  expect(await new Promise((resolve) => worker.once('message', resolve))).toBe(process.env.PATH)
})

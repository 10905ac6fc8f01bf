// What domain code may not use, as data. Names that this version of Node does not have are skipped.
import childProcess from 'node:child_process'
import nodeCrypto from 'node:crypto'
import dgram from 'node:dgram'
import dns from 'node:dns'
import fs from 'node:fs'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import os from 'node:os'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import tls from 'node:tls'
import workerThreads from 'node:worker_threads'
import { clock, randomness } from './instead.ts'

export interface Target {
  readonly of: object
  /** How messages name the owner, with its dot. */
  readonly as: string
  /** All functions, if left out. A name may come from a prototype; then it is guarded there. */
  readonly names?: readonly string[]
  /** By default `outsideWorld`. */
  readonly instead?: string
}

const timerNames = ['setTimeout', 'setInterval', 'setImmediate']
const reaching = ['fetch', 'WebSocket', 'EventSource']

const ofProcess = [
  ...['nextTick', 'cwd', 'chdir', 'umask', 'exit', 'abort', 'kill', 'loadEnvFile'],
  ...['memoryUsage', 'availableMemory', 'constrainedMemory', 'resourceUsage', 'getActiveResourcesInfo'],
  ...['', 'e'].flatMap((effective) => ['uid', 'gid'].map((id) => `get${effective}${id}`)),
]

/** Objects that others replace as a whole, so they are looked up each time. */
export function members(): readonly Target[] {
  const { Temporal } = globalThis as { Temporal?: { Now: object } }
  return [
    { of: globalThis, as: '', names: [...timerNames, 'queueMicrotask', ...reaching] },
    { of: Math, as: 'Math.', names: ['random'], instead: randomness },
    { of: crypto, as: 'crypto.', names: ['randomUUID', 'randomUUIDv7', 'getRandomValues'], instead: randomness },
    { of: performance, as: 'performance.', names: ['now', 'mark', 'measure', 'timeOrigin', 'toJSON'], instead: clock },
    { of: process, as: 'process.', names: ['hrtime', 'uptime', 'cpuUsage', 'threadCpuUsage'], instead: clock },
    { of: process, as: 'process.', names: ofProcess },
    {
      of: navigator,
      as: 'navigator.',
      names: ['language', 'languages', 'hardwareConcurrency', 'platform', 'userAgent'],
    },
    { of: AbortSignal, as: 'AbortSignal.', names: ['timeout'] },
    ...(Temporal ? [{ of: Temporal.Now, as: 'Temporal.Now.', instead: clock }] : []),
  ]
}

export function modules(): readonly Target[] {
  return [
    { of: fs, as: 'fs.' },
    { of: fs.promises, as: 'fs.promises.' },
    { of: childProcess, as: 'child_process.' },
    {
      of: nodeCrypto,
      as: 'crypto.',
      names: Object.keys(nodeCrypto).filter((name) => /^(random|generate|getRandom|pseudo)/.test(name)),
      instead: randomness,
    },
    { of: net, as: 'net.', names: ['connect', 'createConnection', 'createServer'] },
    { of: net.Socket.prototype, as: 'net.Socket.', names: ['connect'] },
    { of: net.Server.prototype, as: 'net.Server.', names: ['listen'] },
    { of: tls, as: 'tls.', names: ['connect', 'createServer'] },
    { of: http, as: 'http.', names: ['request', 'get', 'createServer'] },
    { of: https, as: 'https.', names: ['request', 'get', 'createServer'] },
    { of: http2, as: 'http2.', names: ['connect', 'createServer', 'createSecureServer'] },
    { of: dgram, as: 'dgram.', names: ['createSocket'] },
    { of: dns, as: 'dns.' },
    { of: dns.promises, as: 'dns.promises.' },
    { of: dns.Resolver.prototype, as: 'dns.Resolver.' },
    { of: dns.promises.Resolver.prototype, as: 'dns.promises.Resolver.' },
    { of: os, as: 'os.' },
    { of: timers, as: 'timers.', names: timerNames },
    { of: timersPromises, as: 'timers.promises.' },
    { of: workerThreads, as: 'worker_threads.', names: ['Worker'] },
  ]
}

/** Methods of values whose result depends on the locale, or on the version of the ICU data. */
export const ofLocale: readonly (readonly [object, string])[] = [
  [String.prototype, 'localeCompare'],
  [String.prototype, 'toLocaleLowerCase'],
  [String.prototype, 'toLocaleUpperCase'],
  [Number.prototype, 'toLocaleString'],
  [BigInt.prototype, 'toLocaleString'],
  [Array.prototype, 'toLocaleString'],
  [Object.getPrototypeOf(Uint8Array.prototype) as object, 'toLocaleString'],
]

/** The only function of Intl that no data of ICU stand behind. */
const pureOfIntl = 'getCanonicalLocales'

/** The classes and functions of Intl that domain code may not use. */
export function namesOfIntl(): readonly (keyof typeof Intl)[] {
  return Object.getOwnPropertyNames(Intl).filter((name) => name !== pureOfIntl) as (keyof typeof Intl)[]
}

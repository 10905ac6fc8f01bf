// Puts guarded functions in the place of those that domain code may not use: once, and again for what others put in their place (a fake clock of a test).
import { syncBuiltinESMExports } from 'node:module'
// The global variable is a getter.
import process from 'node:process'
import { asGuardOf, guardMember, put } from './guarded.ts'
import { guardedDate } from './guarded-date.ts'
import { guardedEnv } from './guarded-env.ts'
import { locale, outsideWorld } from './instead.ts'
import { outside, shared } from './place.ts'
import { members, modules, namesOfIntl, ofLocale, type Target } from './targets.ts'

/** What is in the places that others are known to take, since the last look. */
let seen: ReturnType<typeof look> | undefined

/** Called whenever domain code begins, so it takes nanoseconds if nobody has replaced anything. */
export function installGuard(): void {
  if (seen === undefined || isDisplaced(seen)) install()
}

function install(): void {
  const date = Object.getOwnPropertyDescriptor(globalThis, 'Date')!
  put(globalThis, 'Date', date, { value: guardedDate(date.value as DateConstructor) })
  const env = Object.getOwnPropertyDescriptor(process, 'env')!
  put(process, 'env', env, { value: guardedEnv(env.value as NodeJS.ProcessEnv) })
  // A plain value is looked at four times as fast as a getter.
  Object.defineProperty(globalThis, 'performance', { value: performance, writable: true, configurable: true })
  for (const target of members()) guardAll(target)
  for (const target of modules()) guardAll(target)
  for (const [owner, name] of ofLocale) guardMember(owner, name, `${String(name)}()`, locale)
  guardIntl()
  letConsoleThrough()
  // Named imports of modules of the platform see what is there now.
  syncBuiltinESMExports()
  seen = look()
}

function guardAll({ of, as, names, instead = outsideWorld }: Target): void {
  for (const name of names ?? functionsOf(of)) {
    const owner = ownerOf(of, name)
    if (owner) guardMember(owner, name, `${as}${name}`, instead)
  }
}

/** Without classes, which are types of what functions return. */
function functionsOf(of: object): readonly string[] {
  const isFunction = ([name, member]: readonly [string, unknown]) => typeof member === 'function' && /^[a-z]/.test(name)
  return Object.entries(of)
    .filter(isFunction)
    .map(([name]) => name)
}

/** The object that has the member: the given one, or one of its prototypes. */
function ownerOf(of: object, name: string): object | undefined {
  for (let owner = of; owner && owner !== Object.prototype; owner = Object.getPrototypeOf(owner) as object)
    if (Object.hasOwn(owner, name)) return owner
  return undefined
}

/** Also what formatters that were made before do. */
function guardIntl(): void {
  for (const name of namesOfIntl()) {
    const before = Intl[name] as { readonly prototype?: object }
    if (typeof before !== 'function') continue
    guardMember(Intl, name, `Intl.${name}`, locale)
    const { prototype } = before
    if (!prototype) continue
    for (const member of Object.getOwnPropertyNames(prototype)) {
      if (member !== 'constructor') guardMember(prototype, member, `Intl.${name}.${member}`, locale)
      else put(prototype, member, Object.getOwnPropertyDescriptor(prototype, member)!, { value: Intl[name] })
    }
  }
}

/** Writing to the console uses timers and the like. Who looks for a fault in domain code may do it. */
function letConsoleThrough(): void {
  for (const [name, before] of Object.entries(Object.getOwnPropertyDescriptors(console))) {
    const original = before.value as unknown
    if (typeof original !== 'function' || shared.guarded.has(original)) continue
    const through = function (this: unknown, ...args: unknown[]): unknown {
      return shared.running ? outside(() => Reflect.apply(original, this, args)) : Reflect.apply(original, this, args)
    }
    put(console, name, before, { value: asGuardOf(original, through) })
  }
}

/** What test frameworks replace. Written out, because a loop over names takes ten times as long. */
function look() {
  return {
    date: globalThis.Date,
    dateNow: Date.now,
    dateTimeFormat: Intl.DateTimeFormat,
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
    setImmediate: globalThis.setImmediate,
    queueMicrotask: globalThis.queueMicrotask,
    fetch: globalThis.fetch,
    random: Math.random,
    performance: globalThis.performance,
    performanceNow: performance.now,
    crypto: globalThis.crypto,
    randomUUID: crypto.randomUUID,
    nextTick: process.nextTick,
    hrtime: process.hrtime,
    env: process.env,
  }
}

function isDisplaced(before: ReturnType<typeof look>): boolean {
  return (
    Date !== before.date ||
    Date.now !== before.dateNow ||
    Intl.DateTimeFormat !== before.dateTimeFormat ||
    setTimeout !== before.setTimeout ||
    setInterval !== before.setInterval ||
    setImmediate !== before.setImmediate ||
    queueMicrotask !== before.queueMicrotask ||
    fetch !== before.fetch ||
    Math.random !== before.random ||
    performance !== before.performance ||
    performance.now !== before.performanceNow ||
    before.crypto.randomUUID !== before.randomUUID ||
    process.nextTick !== before.nextTick ||
    process.hrtime !== before.hrtime ||
    process.env !== before.env
  )
}

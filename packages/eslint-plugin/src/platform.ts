// What of the platform domain code may not use, by name. The runtime's guard knows the same functions.

/** Global functions and classes. */
export const globals: ReadonlySet<string> = new Set([
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'requestAnimationFrame', 'fetch', 'require'],
  ...[
    'WebSocket',
    'EventSource',
    'XMLHttpRequest',
    'performance',
    'process',
    'navigator',
    'localStorage',
    'sessionStorage',
  ],
])

/** Members of global objects; `*` for all. */
export const members: Readonly<Record<string, ReadonlySet<string>>> = {
  Date: new Set(['now']),
  Math: new Set(['random']),
  crypto: new Set(['randomUUID', 'getRandomValues']),
  Intl: new Set(['*']),
  Temporal: new Set(['Now']),
}

/** Methods of text, numbers, lists and dates that depend on the locale of the machine or on its ICU data. */
export const ofLocale: ReadonlySet<string> = new Set([
  ...[
    'localeCompare',
    'toLocaleLowerCase',
    'toLocaleUpperCase',
    'toLocaleString',
    'toLocaleDateString',
    'toLocaleTimeString',
  ],
])

/** Methods of dates that depend on the time zone of the machine. */
export const ofZone: ReadonlySet<string> = new Set([
  ...['Date', 'Day', 'FullYear', 'Hours', 'Minutes', 'Month', 'Seconds', 'TimezoneOffset'].map((part) => `get${part}`),
  ...['Date', 'FullYear', 'Hours', 'Milliseconds', 'Minutes', 'Month', 'Seconds'].map((part) => `set${part}`),
  ...['toDateString', 'toTimeString'],
])

/** Modules that reach outside. */
const modules: ReadonlySet<string> = new Set([
  ...[
    'child_process',
    'cluster',
    'dgram',
    'dns',
    'dns/promises',
    'fs',
    'fs/promises',
    'http',
    'http2',
    'https',
    'inspector',
    'net',
  ],
  ...[
    'os',
    'perf_hooks',
    'process',
    'readline',
    'repl',
    'sqlite',
    'timers',
    'timers/promises',
    'tls',
    'tty',
    'worker_threads',
  ],
])

/** Whether a name that was imported from there reaches outside. Of `node:crypto` only what is random does. */
export function reachesOutside({ module, name }: { readonly module: string; readonly name: string }): boolean {
  const plain = module.replace(/^node:/, '')
  return plain === 'crypto' ? /^(random|generate|getRandom|pseudoRandom|webcrypto)/.test(name) : modules.has(plain)
}

/** Text of a date without a zone, which is in the zone of the machine. A date alone is in UTC. */
export function isLocalDateText(text: string): boolean {
  return (
    !/^\d{4}(-\d\d){0,2}$/.test(text) &&
    !/(Z|GMT|UTC?|[+-]\d\d:?\d\d)\s*$/i.test(text) &&
    !Number.isNaN(Date.parse(text))
  )
}

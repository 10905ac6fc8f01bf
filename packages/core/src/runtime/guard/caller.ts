// Finds the line of the user's code in a stack.

/** Where this library is, as a path and as an address. */
const own = [new URL('../../', import.meta.url)].flatMap(({ href, pathname }) => [href, pathname])

/** The frames of a stack that are looked at. Domain code may call a library that calls a library. */
const framesMax = 50

/** The innermost frame that is neither of the platform, nor of a package, nor of this library: `/app/account.ts:12:30`. */
export function callerOf(): string | undefined {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = framesMax
  const { stack = '' } = new Error()
  Error.stackTraceLimit = stackTraceLimit
  for (const line of stack.split('\n').slice(1)) {
    const at = /\(?((?:file:\/\/)?[^()\s]+:\d+:\d+)\)?$/.exec(line)?.[1]
    if (at === undefined || /^node:|[\\/]node_modules[\\/]|^<anonymous>/.test(at)) continue
    if (!own.some((root) => at.startsWith(root))) return at.replace(/^file:\/\//, '')
  }
  return undefined
}

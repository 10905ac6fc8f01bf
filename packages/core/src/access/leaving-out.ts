// Data without some members.

/** A copy without the members at these paths. A path goes through lists without a mark. Whatever is not on a path is shared with the original. */
export function without(data: unknown, paths: readonly string[]): unknown {
  return paths.reduce((left, path) => withoutPath(left, path.split('.')), data)
}

/** A copy with the members at these paths only. */
export function only(data: unknown, paths: readonly string[]): unknown {
  if (Array.isArray(data)) return data.map((each) => only(each, paths))
  if (typeof data !== 'object' || data === null) return null
  const kept = Object.entries(data).flatMap(([name, value]): [string, unknown][] => {
    if (paths.includes(name)) return [[name, value]]
    const inner = paths.filter((path) => path.startsWith(`${name}.`)).map((path) => path.slice(name.length + 1))
    return inner.length === 0 ? [] : [[name, only(value, inner)]]
  })
  return Object.fromEntries(kept)
}

function withoutPath(data: unknown, [name, ...rest]: readonly string[]): unknown {
  if (Array.isArray(data)) return data.map((each) => withoutPath(each, [name!, ...rest]))
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, name!)) return data
  const kept = Object.entries(data).flatMap(([member, value]): [string, unknown][] => {
    if (member !== name) return [[member, value]]
    return rest.length === 0 ? [] : [[member, withoutPath(value, rest)]]
  })
  return Object.fromEntries(kept)
}

// Personal data of samples are never shown.

/** The data with `…` in the place of every value at the paths. A path goes through lists: `lines.product` is the product of each line. */
export function masked(data: unknown, personal: readonly string[]): unknown {
  if (data instanceof Uint8Array) return `${data.length} bytes`
  return personal.reduce<unknown>((value, path) => without(value, path.split('.')), data)
}

function without(value: unknown, [first, ...rest]: readonly string[]): unknown {
  if (first === undefined) return value === null || value === undefined ? value : mask
  if (Array.isArray(value)) return value.map((item) => without(item, [first, ...rest]))
  if (typeof value !== 'object' || value === null) return value
  // In a map, each value may have the member.
  if (!Object.hasOwn(value, first))
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        name,
        typeof inner === 'object' ? without(inner, [first, ...rest]) : inner,
      ]),
    )
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name === first ? without(inner, rest) : inner]),
  )
}

export const mask = '…'

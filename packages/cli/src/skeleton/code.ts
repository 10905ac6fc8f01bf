// Prints code in the form that formatters give it: on one line where it fits, else one item a line.

export type Code = string | Group | Call | Headed | readonly Code[]

/** Items between brackets. `isBlock` always has a line for each, without commas. */
interface Group {
  readonly kind: 'group'
  readonly brackets: readonly [open: string, close: string]
  readonly items: readonly Code[]
  readonly isBlock: boolean
}

/** A call keeps its last argument on the line of the others where only that one is long. */
interface Call {
  readonly kind: 'call'
  readonly callee: string
  readonly args: readonly Code[]
}

/** What stands on the next line, indented, where it does not fit behind its head. */
interface Headed {
  readonly kind: 'headed'
  readonly head: string
  readonly body: Code
}

export function headed(head: string, body: Code): Code {
  return { kind: 'headed', head, body }
}

/** `undefined` leaves a member out. A member with a comment has lines that begin with `//` before it. */
export function object(members: Readonly<Record<string, Code | undefined>>): Code {
  const items = Object.entries(members).flatMap(([name, code]) => (code === undefined ? [] : [memberOf(name, code)]))
  return items.length === 0 ? '{}' : group('{', items, '}')
}

function memberOf(name: string, code: Code): Code {
  if (code === name) return name
  const isText = typeof code === 'string' && /^['"]/.test(code)
  return isText ? headed(`${keyText(name)}:`, code) : [`${keyText(name)}: `, code]
}

export function group(open: string, items: readonly Code[], close: string): Code {
  return { kind: 'group', brackets: [open, close], items, isBlock: false }
}

export function list(items: readonly Code[]): Code {
  return items.length === 0 ? '[]' : group('[', items, ']')
}

export function block(lines: readonly Code[]): Code {
  return { kind: 'group', brackets: ['{', '}'], items: lines, isBlock: true }
}

export function call(callee: string, ...args: readonly Code[]): Code {
  return { kind: 'call', callee, args }
}

/** A member or line with comments above it. */
export function commented(comments: readonly string[], code: Code): Code {
  return comments.length === 0 ? code : [...comments.map((each) => `// ${each}\n`), code]
}

/** `first` and calls of its methods: several stand on a line each. */
export function chain(first: Code, calls: readonly Code[]): Code {
  if (calls.length === 1) return [first, calls[0]!]
  return [first, ...calls.flatMap((each) => ['\n  ', indentedBy(each)])]
}

export function text(value: string): string {
  const quoted = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"')
  return value.includes("'") && !value.includes('"') ? JSON.stringify(value) : `'${quoted.replaceAll("'", "\\'")}'`
}

export function keyText(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : text(name)
}

export function printed(code: Code): string {
  return print(code, { indent: 0, column: 0, trailing: 0 })
}

interface Place {
  readonly indent: number
  readonly column: number
  /** Characters that follow on the line. */
  readonly trailing: number
}

const deeper = Symbol('deeper')
type Indented = readonly Code[] & { readonly [deeper]?: true }

function indentedBy(code: Code): Code {
  return Object.assign([code], { [deeper]: true as const })
}

function print(code: Code, place: Place): string {
  if (typeof code === 'string') return code.replaceAll('\n', `\n${' '.repeat(place.indent)}`)
  const flat = flatText(code)
  if (flat !== undefined && place.column + flat.length + place.trailing <= width) return flat
  if ('kind' in code) return printNode(code, place)
  const inner = (code as Indented)[deeper] ? { ...place, indent: place.indent + 2 } : place
  let done = ''
  for (const [index, each] of code.entries()) {
    const trailing = code.slice(index + 1).reduce<number>((sum, next) => sum + firstLength(next), 0)
    const isLast = index === code.length - 1
    done += print(each, {
      ...inner,
      column: columnAfter(done, place.column),
      trailing: trailing + (isLast ? place.trailing : 0),
    })
  }
  return done
}

function printNode(code: Group | Call | Headed, place: Place): string {
  if (code.kind === 'group') return printGroup(code, place)
  if (code.kind === 'call') return printCall(code, place)
  const indent = place.indent + 2
  return `${code.head}\n${' '.repeat(indent)}${print(code.body, { indent, column: indent, trailing: place.trailing })}`
}

function printGroup({ brackets: [open, close], items, isBlock }: Group, { indent }: Place): string {
  const spaces = ' '.repeat(indent + 2)
  const lines = items.map((item) => {
    const end = isBlock ? '' : ','
    return `${spaces}${print(item, { indent: indent + 2, column: indent + 2, trailing: end.length })}${end}`
  })
  return `${open}\n${lines.join('\n')}\n${' '.repeat(indent)}${close}`
}

function printCall({ callee, args }: Call, place: Place): string {
  const heads = args.slice(0, -1).map(flatText)
  const last = args.at(-1)!
  const start = `${callee}(${heads.map((each) => `${each}, `).join('')}`
  const canHug =
    isHugged(last) &&
    heads.every((each) => each !== undefined) &&
    place.column + start.length + firstLength(last) <= width
  if (!canHug) return printGroup({ kind: 'group', brackets: [`${callee}(`, ')'], items: args, isBlock: false }, place)
  const written = print(last, { ...place, column: place.column + start.length, trailing: place.trailing + 1 })
  const isBroken = typeof last !== 'string' && 'kind' in last && last.kind === 'headed'
  return isBroken ? `${start}${written},\n${' '.repeat(place.indent)})` : `${start}${written})`
}

/** An object, a list or a function, and not another call. */
function isHugged(code: Code): boolean {
  if (typeof code === 'string') return false
  if ('kind' in code) return code.kind === 'group' || (code.kind === 'headed' && code.head.startsWith('('))
  return typeof code[0] === 'string' && /^(?:async )?\(/.test(code[0])
}

/** Undefined where it cannot stand on one line. */
function flatText(code: Code): string | undefined {
  if (typeof code === 'string') return code.includes('\n') ? undefined : code
  if ('kind' in code && code.kind === 'headed') {
    const body = flatText(code.body)
    return body === undefined ? undefined : `${code.head} ${body}`
  }
  const parts = ('kind' in code ? (code.kind === 'group' ? code.items : code.args) : code).map(flatText)
  if (parts.includes(undefined) || ('kind' in code && code.kind === 'group' && code.isBlock)) return undefined
  if (!('kind' in code)) return parts.join('')
  if (code.kind === 'call') return `${code.callee}(${parts.join(', ')})`
  const pad = code.brackets[0].endsWith('{') ? ' ' : ''
  return `${code.brackets[0]}${pad}${parts.join(', ')}${pad}${code.brackets[1]}`
}

/** How long what comes first is where it is broken. */
function firstLength(code: Code): number {
  if (typeof code === 'string') return code.split('\n')[0]!.length
  if (!('kind' in code)) {
    const end = code.findIndex((each) => typeof each !== 'string' || each.includes('\n'))
    const parts = end < 0 ? code : code.slice(0, end + 1)
    return parts.reduce<number>((sum, each) => sum + firstLength(each), 0)
  }
  if (code.kind === 'headed') return code.head.length
  return code.kind === 'group' ? code.brackets[0].length : code.callee.length + 1
}

function columnAfter(done: string, start: number): number {
  const newline = done.lastIndexOf('\n')
  return newline < 0 ? start + done.length : done.length - newline - 1
}

const width = 120

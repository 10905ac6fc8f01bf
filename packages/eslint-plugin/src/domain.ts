// Finds the functions of the domain in a file: those in the declarations of aggregates, commands, events, sagas, policies and projections, and the
// functions of the same file that they call.
import type { SourceCode } from 'eslint'
import { bare, declaredAs, importedAs, isFunction, memberName, type Node, variableOf, walk } from './syntax.ts'

/** The function of `indelible` that a declaration begins with. */
export type Kind = 'aggregate' | 'command' | 'decisionModel' | 'event' | 'policy' | 'projection' | 'refusal' | 'saga'

const kinds: ReadonlySet<string> = new Set<Kind>([
  ...(['aggregate', 'command', 'decisionModel', 'event', 'policy', 'projection', 'refusal', 'saga'] as const),
])

/** What a flow of a saga is written with, inside of a function: `(flow) => flow.step(…)`. */
const ofFlow: ReadonlySet<string> = new Set([
  'step',
  'each',
  'parallel',
  'choose',
  'awaitEvent',
  'sleep',
  'ask',
  'child',
])

export interface DomainFunction {
  readonly node: Node
  readonly kind: Kind
}

const known = new WeakMap<SourceCode, readonly DomainFunction[]>()

export function domainFunctions(source: SourceCode): readonly DomainFunction[] {
  let functions = known.get(source)
  if (!functions) {
    functions = new Collector(source).collect()
    known.set(source, functions)
  }
  return functions
}

/** The calls in a file that belong to a declaration. */
export function declarations(source: SourceCode): readonly { readonly call: Node; readonly kind: Kind }[] {
  const found: { call: Node; kind: Kind }[] = []
  walk(source.ast as unknown as Node, source, (node) => {
    const kind = node.type === 'CallExpression' ? kindOf(node, source) : undefined
    if (kind) found.push({ call: node, kind })
  })
  return found
}

/** What a call declares: `aggregate(…)` itself, and every call in its chain, also one that goes on from a `const`. */
function kindOf(call: Node, source: SourceCode): Kind | undefined {
  const callee = bare(call.callee)
  if (callee.type === 'Identifier') return kindOfName(callee, source)
  if (callee.type !== 'MemberExpression') return undefined
  const name = memberName(callee)
  const owner = bare(callee.object)
  if (owner.type === 'CallExpression') return kindOf(owner, source)
  if (owner.type !== 'Identifier') return undefined
  const variable = variableOf(owner, source)
  const declared = declaredAs(variable)
  if (declared?.type === 'CallExpression') return kindOf(declared, source)
  const [definition] = variable?.defs ?? []
  if (definition?.type === 'Parameter' && ofFlow.has(name ?? '')) {
    const outer = callAround(definition.node as unknown as Node)
    return outer && kindOf(outer, source) === 'saga' ? 'saga' : undefined
  }
  // An aggregate of another file.
  return name === 'command' && hasDecide(call) ? 'aggregate' : undefined
}

function kindOfName(name: Node, source: SourceCode): Kind | undefined {
  const imported = importedAs(variableOf(name, source))
  return imported?.module === 'indelible' && kinds.has(imported.name) ? (imported.name as Kind) : undefined
}

function hasDecide({ arguments: [, definition] }: Node): boolean {
  return (
    definition?.type === 'ObjectExpression' && definition.properties.some(({ key }: Node) => key?.name === 'decide')
  )
}

function callAround(node: Node): Node | undefined {
  const { parent } = node
  if (parent?.type === 'CallExpression') return parent
  return parent && /^(Property|ObjectExpression|ArrayExpression)$/.test(parent.type) ? callAround(parent) : undefined
}

class Collector {
  readonly #source: SourceCode
  readonly #kinds = new Map<Node, Kind>()
  readonly #seen = new Set<Node>()

  constructor(source: SourceCode) {
    this.#source = source
  }

  collect(): readonly DomainFunction[] {
    for (const { call, kind } of declarations(this.#source)) {
      for (const argument of call.arguments) this.#take(argument, kind)
    }
    return [...this.#kinds].map(([node, kind]) => ({ node, kind }))
  }

  /** Takes the functions out of a value of a declaration. */
  #take(value: Node, kind: Kind): void {
    const node = bare(value)
    if (this.#seen.has(node)) return
    this.#seen.add(node)
    if (isFunction(node)) this.#add(node, kind)
    switch (node.type) {
      case 'ObjectExpression':
        for (const each of node.properties) this.#take(each.type === 'SpreadElement' ? each.argument : each.value, kind)
        return
      case 'ArrayExpression':
        for (const each of node.elements)
          if (each) this.#take(each.type === 'SpreadElement' ? each.argument : each, kind)
        return
      case 'ConditionalExpression':
        this.#take(node.consequent, kind)
        this.#take(node.alternate, kind)
        return
      case 'CallExpression': {
        // A schema, whose functions run as a part of the declaration.
        const callee = bare(node.callee)
        if (callee.type === 'MemberExpression') this.#take(callee.object, kind)
        for (const each of node.arguments) this.#take(each, kind)
        return
      }
      case 'Identifier': {
        const declared = declaredAs(variableOf(node, this.#source))
        if (declared && (isFunction(declared) || /^(Object|Array)Expression$/.test(declared.type)))
          this.#take(declared, kind)
      }
    }
  }

  /** Also what it calls by name. */
  #add(node: Node, kind: Kind): void {
    if (this.#kinds.has(node)) return
    this.#kinds.set(node, kind)
    walk(node.body, this.#source, (inner) => {
      if (inner.type !== 'CallExpression' || inner.callee.type !== 'Identifier') return
      const called = declaredAs(variableOf(inner.callee, this.#source))
      if (called && isFunction(called)) this.#add(called, kind)
    })
  }
}

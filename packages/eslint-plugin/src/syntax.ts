// What all rules need to know of a syntax tree: how to walk it, and what a name stands for.
import type { Rule, Scope, SourceCode } from 'eslint'

/** A node of any parser. Nodes of TypeScript are in no type of ESLint. */
export interface Node {
  readonly type: string
  readonly parent?: Node
  // biome-ignore lint/suspicious/noExplicitAny: every kind of node has members of its own
  readonly [member: string]: any
}

/** Calls `visit` for a node and everything in it. */
export function walk(node: Node, { visitorKeys }: SourceCode, visit: (node: Node) => void): void {
  visit(node)
  for (const key of visitorKeys[node.type] ?? []) {
    const parts = [node[key]].flat() as (Node | null | undefined)[]
    for (const part of parts) if (part) walk(part, { visitorKeys } as SourceCode, visit)
  }
}

export function isFunction({ type }: Node): boolean {
  return /^(ArrowFunctionExpression|FunctionExpression|FunctionDeclaration)$/.test(type)
}

/** Without the types of TypeScript around an expression. */
export function bare(node: Node): Node {
  return /^(TSAsExpression|TSSatisfiesExpression|TSNonNullExpression|TSTypeAssertion|ChainExpression)$/.test(node.type)
    ? bare(node.expression)
    : node
}

/** What the name is declared as; nothing for a global one. */
export function variableOf(name: Node, source: SourceCode): Scope.Variable | undefined {
  for (let scope: Scope.Scope | null = source.getScope(name as never); scope; scope = scope.upper) {
    const variable = scope.set.get(name.name)
    if (variable) return variable.defs.length > 0 ? variable : undefined
  }
  return undefined
}

/** The function or value that a name of this file was declared with: of a function or a `const`. */
export function declaredAs(variable: Scope.Variable | undefined): Node | undefined {
  const [definition] = variable?.defs ?? []
  if (definition?.type === 'FunctionName') return definition.node as unknown as Node
  const isConst = definition?.type === 'Variable' && definition.parent.kind === 'const'
  // A name out of a pattern is a part of the value.
  if (!isConst || definition.node.id.type !== 'Identifier') return undefined
  return definition.node.init ? bare(definition.node.init as unknown as Node) : undefined
}

export interface Imported {
  readonly module: string
  /** `*` for the whole module, also as its default export. */
  readonly name: string
}

export function importedAs(variable: Scope.Variable | undefined): Imported | undefined {
  const [definition] = variable?.defs ?? []
  if (definition?.type !== 'ImportBinding') return undefined
  const { node, parent } = definition as unknown as { node: Node; parent: Node }
  const name = node.type === 'ImportSpecifier' ? (node.imported.name ?? node.imported.value) : '*'
  return { module: String(parent.source.value), name }
}

/** Whether a name stands for a value, and is not that of a member or a type. */
export function isValue(name: Node): boolean {
  const { parent } = name
  if (parent?.type === 'MemberExpression') return parent.object === name || parent.computed
  if (parent?.type === 'Property') return parent.value === name || parent.computed
  return !/^TS(TypeReference|QualifiedName|TypeQuery)$/.test(parent?.type ?? '')
}

/** The name of a member, where it is written: `a.b` and `a['b']`. */
export function memberName({ property, computed }: Node): string | undefined {
  if (!computed) return property.name
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : undefined
}

/** Reports each node once, also where two functions share it. */
export function reporter(
  context: Rule.RuleContext,
): (node: Node, messageId: string, data?: Record<string, string>) => void {
  const reported = new Set<Node>()
  return (node, messageId, data = {}) => {
    if (reported.has(node)) return
    reported.add(node)
    context.report({ node: node as never, messageId, data })
  }
}

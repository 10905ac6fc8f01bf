// Payloads of events, inputs of commands and details of refusals have a type.
import type { Rule, SourceCode } from 'eslint'
import { declarations, type Kind } from '../domain.ts'
import { bare, declaredAs, isFunction, memberName, type Node, reporter, variableOf, walk } from '../syntax.ts'

export const noAnyInPayload: Rule.RuleModule = {
  meta: {
    type: 'problem',
    docs: { description: 'no any or unknown in the schema of an event, a command or a refusal', recommended: true },
    schema: [],
    messages: {
      any: '{{what}} lets anything into {{where}}: it is recorded for ever, and nobody knows what it is. Say what it may be.',
    },
  },
  create(context) {
    const { sourceCode } = context
    const report = reporter(context)
    return {
      'Program:exit'() {
        for (const { call, kind } of declarations(sourceCode)) {
          const where = whereOf(kind)
          for (const schema of schemasOf(call, kind))
            for (const { node, what } of anythingIn(schema, sourceCode)) report(node, 'any', { what, where })
        }
      },
    }
  },
}

function whereOf(kind: Kind): string {
  if (kind === 'event') return 'the payload of an event'
  return kind === 'refusal' ? 'the details of a refusal' : 'the input of a command'
}

function schemasOf({ callee, arguments: [, second] }: Node, kind: Kind): readonly Node[] {
  if (!second) return []
  if (callee.type === 'Identifier' && (kind === 'event' || kind === 'refusal')) return [second]
  const isCommand =
    callee.type === 'Identifier' ? kind === 'command' : kind === 'aggregate' && memberName(callee) === 'command'
  if (!isCommand || second.type !== 'ObjectExpression') return []
  return second.properties.filter(({ key }: Node) => key?.name === 'input').map(({ value }: Node) => value)
}

/** In a schema, and in the parts of it that have a name in this file. Functions of a schema are code and no types of payloads. */
function anythingIn(schema: Node, source: SourceCode, seen = new Set<Node>()): readonly { node: Node; what: string }[] {
  if (seen.has(schema)) return []
  seen.add(schema)
  const found: { node: Node; what: string }[] = []
  walk(schema, source, (node) => {
    if (isInFunction(node, schema)) return
    if (node.type === 'TSAnyKeyword') found.push({ node, what: 'The type any' })
    if (node.type === 'CallExpression') {
      const name = anyOf(bare(node.callee), source)
      if (name !== undefined) found.push({ node, what: `${name}()` })
    }
    if (node.type !== 'Identifier') return
    const part = declaredAs(variableOf(node, source))
    if (part && !isFunction(part)) found.push(...anythingIn(part, source, seen))
  })
  return found
}

/** `z.any`, `v.unknown`, `Type.Any` of libraries of schemas. */
function anyOf(callee: Node, source: SourceCode): string | undefined {
  if (callee.type === 'Identifier') return /^(any|unknown)$/.test(callee.name) ? callee.name : undefined
  if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return undefined
  const name = memberName(callee)
  const isImported = variableOf(callee.object, source)?.defs[0]?.type === 'ImportBinding'
  return isImported && /^(any|unknown)$/i.test(name ?? '') ? `${callee.object.name}.${name}` : undefined
}

function isInFunction(node: Node, within: Node): boolean {
  for (let at: Node | undefined = node; at && at !== within; at = at.parent) if (isFunction(at)) return true
  return false
}

// Domain functions do not change what they were given: state, input, events and rows.
import type { Rule, SourceCode } from 'eslint'
import { domainFunctions } from '../domain.ts'
import { bare, declaredAs, memberName, type Node, reporter, variableOf, walk } from '../syntax.ts'

export const noMutation: Rule.RuleModule = {
  meta: {
    type: 'problem',
    docs: { description: 'no change of the parameters of domain functions', recommended: true },
    schema: [],
    messages: {
      changed: '"{{name}}" was given to this function and may not be changed. Return a new value: {{instead}}.',
    },
  },
  create(context) {
    const { sourceCode } = context
    const report = reporter(context)
    return {
      'Program:exit'() {
        for (const { node } of domainFunctions(sourceCode)) {
          walk(node.body, sourceCode, (inner) => {
            for (const target of changedBy(inner, sourceCode)) {
              const name = parameterBehind(target, node, sourceCode)
              if (name !== undefined) report(inner, 'changed', { name, instead: insteadOf(inner) })
            }
          })
        }
      },
    }
  },
}

/** They change what they are called on. */
const changing: ReadonlySet<string> = new Set([
  ...['push', 'pop', 'shift', 'unshift', 'splice', 'sort', 'reverse', 'copyWithin'],
])
/** They do if nobody uses their result. Others of these names return a new value, as those of decimal numbers. */
const changingAlone: ReadonlySet<string> = new Set(['add', 'set', 'delete', 'clear', 'fill'])

/** What an expression changes. */
function changedBy(node: Node, source: SourceCode): readonly Node[] {
  switch (node.type) {
    case 'AssignmentExpression':
      return targetsOf(node.left)
    case 'UpdateExpression':
      return targetsOf(node.argument)
    case 'UnaryExpression':
      return node.operator === 'delete' ? targetsOf(node.argument) : []
    case 'CallExpression':
      return changedByCall(node, source)
    default:
      return []
  }
}

/** The objects whose members are assigned to. To give a parameter itself another value changes nothing that was given. */
function targetsOf(target: Node): readonly Node[] {
  const node = bare(target)
  switch (node.type) {
    case 'MemberExpression':
      return [node.object]
    case 'ArrayPattern':
      return node.elements.flatMap((each: Node | null) => (each ? targetsOf(each) : []))
    case 'ObjectPattern':
      return node.properties.flatMap((each: Node) => targetsOf(each.type === 'Property' ? each.value : each))
    case 'AssignmentPattern':
      return targetsOf(node.left)
    case 'RestElement':
      return targetsOf(node.argument)
    default:
      return []
  }
}

function changedByCall({ callee, arguments: given, parent }: Node, source: SourceCode): readonly Node[] {
  if (callee.type !== 'MemberExpression') return []
  const name = memberName(callee) ?? ''
  const { object } = callee
  const isAlone = parent?.type === 'ExpressionStatement'
  if (object.type === 'Identifier' && !variableOf(object, source)) {
    const changesFirst =
      (object.name === 'Object' &&
        /^(assign|defineProperty|defineProperties|setPrototypeOf|freeze|seal)$/.test(name)) ||
      (object.name === 'Reflect' && /^(set|defineProperty|deleteProperty|setPrototypeOf)$/.test(name))
    return changesFirst && given.length > 0 ? [given[0]] : []
  }
  return changing.has(name) || (changingAlone.has(name) && isAlone) || /^setUTC/.test(name) ? [object] : []
}

/** The parameter of the function that an expression is a part of, also by way of a `const`. */
function parameterBehind(expression: Node, domainFunction: Node, source: SourceCode): string | undefined {
  let node = bare(expression)
  while (node.type === 'MemberExpression') node = bare(node.object)
  if (node.type !== 'Identifier') return undefined
  const variable = variableOf(node, source)
  const [definition] = variable?.defs ?? []
  if (definition?.type === 'Parameter') return (definition.node as unknown) === domainFunction ? node.name : undefined
  const declared = declaredAs(variable) ?? patternSource(definition)
  return declared && /^(Identifier|MemberExpression)$/.test(declared.type)
    ? parameterBehind(declared, domainFunction, source)
    : undefined
}

/** Of `const { list } = state`: the state. */
function patternSource(definition: { readonly type: string; readonly node?: unknown } | undefined): Node | undefined {
  if (definition?.type !== 'Variable') return undefined
  const { init } = definition.node as { init?: Node | null }
  return init ? bare(init) : undefined
}

function insteadOf(node: Node): string {
  const name = node.type === 'CallExpression' ? memberName(node.callee) : undefined
  if (name === 'sort') return 'toSorted()'
  if (name === 'reverse') return 'toReversed()'
  if (name === 'push' || name === 'unshift') return '[...list, item]'
  return '{ ...state, member }'
}

// Domain functions do not read what can change outside of them: variables of the module, and in projections modules that reach outside.
import type { Rule, Scope } from 'eslint'
import { domainFunctions } from '../domain.ts'
import { reachesOutside } from '../platform.ts'
import { declaredAs, importedAs, isValue, memberName, type Node, reporter, variableOf, walk } from '../syntax.ts'

export const noOutsideReads: Rule.RuleModule = {
  meta: {
    type: 'problem',
    docs: { description: 'no use of what can change outside of a domain function', recommended: true },
    schema: [],
    messages: {
      variable:
        '"{{name}}" is a variable of this module and may have another value next time. Make it a const, or put it into the event.',
      collection: '"{{name}}" is a {{what}} of this module that can change. Keep it in the state or the row.',
      module:
        '"{{name}}" of "{{module}}" reaches outside. A projection only transforms data: put what it needs into the event.',
    },
  },
  create(context) {
    const { sourceCode } = context
    const report = reporter(context)
    const check = (node: Node, isProjection: boolean) => {
      if (node.type !== 'Identifier' || !isValue(node)) return
      const variable = variableOf(node, sourceCode)
      if (!variable) return
      const { name } = node
      const imported = importedAs(variable)
      if (imported && isProjection) {
        const member = node.parent?.type === 'MemberExpression' ? memberName(node.parent) : undefined
        const used = imported.name === '*' && member !== undefined ? { ...imported, name: member } : imported
        if (reachesOutside(used))
          report(node, 'module', { name: used.name === '*' ? name : used.name, module: imported.module })
      }
      if (!isOfModule(variable)) return
      const [definition] = variable.defs
      if (definition?.type === 'Variable' && definition.parent.kind !== 'const') report(node, 'variable', { name })
      const declared = declaredAs(variable)
      const what = declared?.type === 'NewExpression' ? declared.callee.name : undefined
      if (/^(Weak)?(Map|Set)$/.test(what ?? '') && isChanged(variable))
        report(node, 'collection', { name, what: what! })
    }
    return {
      'Program:exit'() {
        for (const { node, kind } of domainFunctions(sourceCode))
          walk(node.body, sourceCode, (inner) => check(inner, kind === 'projection'))
      },
    }
  },
}

function isOfModule({ scope }: Scope.Variable): boolean {
  return scope.type === 'module' || scope.type === 'global'
}

/** Whether anything in the file changes a collection. */
function isChanged({ references }: Scope.Variable): boolean {
  return references.some(({ identifier }) => {
    const { parent } = identifier as unknown as Node
    return parent?.type === 'MemberExpression' && /^(add|set|delete|clear)$/.test(memberName(parent) ?? '')
  })
}

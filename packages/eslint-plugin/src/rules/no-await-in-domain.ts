// Domain functions are synchronous.
import type { Rule } from 'eslint'
import { domainFunctions } from '../domain.ts'
import { isFunction, isValue, type Node, reporter, variableOf, walk } from '../syntax.ts'

export const noAwaitInDomain: Rule.RuleModule = {
  meta: {
    type: 'problem',
    docs: { description: 'no async function, await or promise in domain functions', recommended: true },
    schema: [],
    messages: {
      async:
        'A domain function must return its result synchronously. What takes time belongs in a reaction or a step of a saga.',
      generator: 'A domain function must return its result, and cannot be a generator.',
      promise: 'A domain function may not make promises: what comes later is not part of its result.',
    },
  },
  create(context) {
    const { sourceCode } = context
    const report = reporter(context)
    const check = (node: Node) => {
      if (isFunction(node) && node.async) report(node, 'async')
      else if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await)) report(node, 'async')
      else if (node.type === 'Identifier' && node.name === 'Promise' && isValue(node) && !variableOf(node, sourceCode))
        report(node, 'promise')
    }
    return {
      'Program:exit'() {
        for (const { node } of domainFunctions(sourceCode)) {
          if (node.async) report(node, 'async')
          else if (node.generator) report(node, 'generator')
          walk(node.body, sourceCode, check)
        }
      },
    }
  },
}

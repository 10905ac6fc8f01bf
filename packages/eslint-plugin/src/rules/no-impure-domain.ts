// No clock, randomness, timers, I/O, environment, locale or time zone in domain functions.
import type { Rule, SourceCode } from 'eslint'
import { domainFunctions } from '../domain.ts'
import { globals, isLocalDateText, members, ofLocale, ofZone, reachesOutside } from '../platform.ts'
import { importedAs, isValue, memberName, type Node, reporter, variableOf, walk } from '../syntax.ts'

export const noImpureDomain: Rule.RuleModule = {
  meta: {
    type: 'problem',
    docs: {
      description: 'no clock, randomness, timers, I/O, environment or locale in domain functions',
      recommended: true,
    },
    schema: [],
    messages: {
      impure: '{{call}} is not the same each time. A domain function may use only its input: {{instead}}.',
      dynamicImport: 'A domain function may not load modules. Import it at the top of the file, if it is pure.',
    },
  },
  create(context) {
    const { sourceCode } = context
    const report = reporter(context)
    const check = (node: Node, isProjection: boolean) => {
      if (node.type === 'ImportExpression') return report(node, 'dynamicImport')
      const found = impureCall(node, sourceCode, isProjection)
      if (found) report(node, 'impure', found)
    }
    return {
      'Program:exit'() {
        for (const { node, kind } of domainFunctions(sourceCode))
          walk(node.body, sourceCode, (inner) => check(inner, kind === 'projection'))
      },
    }
  },
}

type Impure = { readonly call: string; readonly instead: string }

const clock = 'take the time from "issuedAt", the input or the event'
const randomness = 'take ids and random values from the input'
const outside = 'a reaction or a step of a saga does what reaches outside'
const locale = 'compare text with < and >, and format it where it is shown'
const zone = 'use the methods of UTC, Date.UTC, and text with a zone'

function impureCall(node: Node, source: SourceCode, isProjection: boolean): Impure | undefined {
  if (node.type === 'Identifier') return ofName(node, source, isProjection)
  if (node.type === 'MemberExpression') return ofMember(node, source)
  const { callee, arguments: given } = node
  if (callee?.type !== 'Identifier' || callee.name !== 'Date' || variableOf(callee, source)) return undefined
  if (node.type === 'CallExpression') return { call: 'Date()', instead: clock }
  if (node.type !== 'NewExpression') return undefined
  if (given.length === 0) return { call: 'new Date()', instead: clock }
  if (given.length > 1 && given[0].type !== 'SpreadElement') return { call: 'new Date(year, month, …)', instead: zone }
  return ofDateText(given[0])
}

function ofDateText(text: Node | undefined): Impure | undefined {
  if (text?.type !== 'Literal' || typeof text.value !== 'string' || !isLocalDateText(text.value)) return undefined
  return { call: `The date ${JSON.stringify(text.value)}, which has no zone,`, instead: zone }
}

/** Names of the platform. In projections, `no-outside-reads` looks at imports. */
function ofName(node: Node, source: SourceCode, isProjection: boolean): Impure | undefined {
  const { parent, name } = node
  if (!isValue(node)) return undefined
  const variable = variableOf(node, source)
  if (variable === undefined) return globals.has(name) ? { call: name, instead: outside } : undefined
  const imported = importedAs(variable)
  if (!imported || isProjection) return undefined
  const instead = /^(node:)?crypto$/.test(imported.module) ? randomness : outside
  if (reachesOutside(imported)) return { call: `"${name}" of "${imported.module}"`, instead }
  const member = imported.name === '*' && parent?.type === 'MemberExpression' ? memberName(parent) : undefined
  return member !== undefined && reachesOutside({ ...imported, name: member })
    ? { call: `"${member}" of "${imported.module}"`, instead }
    : undefined
}

function ofMember(node: Node, source: SourceCode): Impure | undefined {
  const name = memberName(node)
  if (name === undefined) return undefined
  const { object, parent } = node
  const owner = object.type === 'Identifier' && !variableOf(object, source) ? (object.name as string) : undefined
  const forbidden = owner !== undefined && Object.hasOwn(members, owner) ? members[owner] : undefined
  if (forbidden?.has(name) || (forbidden?.has('*') && name !== 'getCanonicalLocales')) {
    const instead = owner === 'Intl' ? locale : owner === 'Math' || owner === 'crypto' ? randomness : clock
    return { call: `${owner}.${name}`, instead }
  }
  if (owner === 'Date' && name === 'parse' && parent?.type === 'CallExpression') return ofDateText(parent.arguments[0])
  const isCalled = parent?.type === 'CallExpression' && parent.callee === node
  if (isCalled && ofLocale.has(name)) return { call: `${name}()`, instead: locale }
  return isCalled && ofZone.has(name) ? { call: `${name}()`, instead: zone } : undefined
}

// The names of declarations: events say what happened, commands what shall be done.
import type { Rule } from 'eslint'
import { declarations, type Kind } from '../domain.ts'
import { memberName, type Node } from '../syntax.ts'
import { notImperative, saysWhatHappened } from '../words.ts'

const allow = {
  type: 'object',
  properties: { allow: { type: 'array', items: { type: 'string' }, uniqueItems: true } },
  additionalProperties: false,
} as const

export const eventPastTense: Rule.RuleModule = {
  meta: {
    type: 'suggestion',
    docs: { description: 'the name of an event in the past tense', recommended: true },
    schema: [allow],
    defaultOptions: [{ allow: [] }],
    messages: {
      notPast:
        'An event says what happened: "{{name}}" has no word in the past tense. Name it like FundsWithdrawn, or list it under "allow".',
    },
  },
  create(context) {
    return namesOf(context, isEvent, (name) =>
      saysWhatHappened(name) ? undefined : { messageId: 'notPast', data: { name } },
    )
  },
}

export const commandImperative: Rule.RuleModule = {
  meta: {
    type: 'suggestion',
    docs: { description: 'the name of a command in the imperative', recommended: true },
    schema: [allow],
    defaultOptions: [{ allow: [] }],
    messages: {
      notImperative:
        'A command says what shall be done: "{{name}}" begins like the {{form}}. Name it like WithdrawFunds, or list it under "allow".',
      past: 'A command says what shall be done: "{{name}}" says what happened. Name it like WithdrawFunds, or list it under "allow".',
    },
  },
  create(context) {
    return namesOf(context, isCommand, (name) => {
      const form = notImperative(name)
      if (form === undefined) return undefined
      return { messageId: form === 'past' ? 'past' : 'notImperative', data: { name, form } }
    })
  },
}

type Judge = (name: string) => { readonly messageId: string; readonly data: Record<string, string> } | undefined

function namesOf(
  context: Rule.RuleContext,
  isNamed: (call: Node, kind: Kind) => boolean,
  judge: Judge,
): Rule.RuleListener {
  const { allow: allowed = [] } = (context.options[0] ?? {}) as { allow?: readonly string[] }
  return {
    'Program:exit'() {
      for (const { call, kind } of declarations(context.sourceCode)) {
        const [name] = call.arguments as readonly Node[]
        if (name?.type !== 'Literal' || typeof name.value !== 'string' || !isNamed(call, kind)) continue
        const found = allowed.includes(name.value) ? undefined : judge(name.value)
        if (found) context.report({ node: name as never, ...found })
      }
    },
  }
}

function isEvent({ callee }: Node, kind: Kind): boolean {
  return kind === 'event' && callee.type === 'Identifier'
}

/** `command(…)`, or `.command(…)` of an aggregate. */
function isCommand({ callee }: Node, kind: Kind): boolean {
  if (callee.type === 'MemberExpression') return kind === 'aggregate' && memberName(callee) === 'command'
  return kind === 'command'
}

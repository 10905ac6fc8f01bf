// The laws of Indelible at writing time, as rules of ESLint.
import type { ESLint, Linter, Rule } from 'eslint'
import { commandImperative, eventPastTense } from './rules/names.ts'
import { noAnyInPayload } from './rules/no-any-in-payload.ts'
import { noAwaitInDomain } from './rules/no-await-in-domain.ts'
import { noImpureDomain } from './rules/no-impure-domain.ts'
import { noMutation } from './rules/no-mutation.ts'
import { noOutsideReads } from './rules/no-outside-reads.ts'

/** All rules, by name. None needs types. */
const rules: Readonly<Record<string, Rule.RuleModule>> = {
  'no-impure-domain': noImpureDomain,
  'no-await-in-domain': noAwaitInDomain,
  'no-mutation': noMutation,
  'no-outside-reads': noOutsideReads,
  'event-past-tense': eventPastTense,
  'command-imperative': commandImperative,
  'no-any-in-payload': noAnyInPayload,
}

const meta = { name: 'eslint-plugin-indelible', version: '0.1.0', namespace: 'indelible' }

/** Every rule as an error: `export default [indelible.configs.recommended]`. */
const recommended: Linter.Config = {
  name: 'indelible/recommended',
  plugins: { indelible: { meta, rules: { ...rules } } },
  rules: Object.fromEntries(Object.keys(rules).map((name) => [`indelible/${name}`, 'error'])),
}

const plugin = { meta, rules: { ...rules }, configs: { recommended } } satisfies ESLint.Plugin

export default plugin

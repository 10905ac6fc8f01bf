// The examples of this repository keep their own laws.
import { resolve } from 'node:path'
import parser from '@typescript-eslint/parser'
import { ESLint, type Rule } from 'eslint'
import { expect, test } from 'vitest'
import { domainFunctions } from './domain.ts'
import plugin from './index.ts'

const looked: Record<string, number> = {}
/** Counts what the rules look at, so that they do not pass because they see nothing. */
const count: Rule.RuleModule = {
  create: ({ sourceCode }) => ({
    'Program:exit'() {
      for (const { kind } of domainFunctions(sourceCode)) looked[kind] = (looked[kind] ?? 0) + 1
    },
  }),
}

test('the examples lint clean with the recommended config', async () => {
  const eslint = new ESLint({
    cwd: resolve('examples'),
    overrideConfigFile: true,
    overrideConfig: [
      { files: ['**/*.ts'], languageOptions: { parser } },
      plugin.configs.recommended,
      { plugins: { test: { rules: { count } } }, rules: { 'test/count': 'error' } },
    ],
  })
  const files = await eslint.lintFiles(['**/*.ts'])
  expect(files.length).toBeGreaterThan(40)
  const found = files.flatMap(({ filePath, messages }) =>
    messages.map(({ ruleId, message, line }) => `${filePath}:${line} ${ruleId}: ${message}`),
  )
  expect(found).toEqual([])
  expect(looked.aggregate).toBeGreaterThan(50)
  expect(looked.projection).toBeGreaterThan(30)
  expect(looked.saga).toBeGreaterThan(30)
})

// The examples of this repository keep their own laws.
import { resolve } from 'node:path'
import parser from '@typescript-eslint/parser'
import { ESLint } from 'eslint'
import { expect, test } from 'vitest'
import { recommended } from './index.ts'

test('the examples lint clean with the recommended config', async () => {
  const eslint = new ESLint({
    cwd: resolve('examples'),
    overrideConfigFile: true,
    overrideConfig: [{ files: ['**/*.ts'], languageOptions: { parser } }, recommended],
  })
  const files = await eslint.lintFiles(['**/*.ts'])
  expect(files.length).toBeGreaterThan(40)
  const found = files.flatMap(({ filePath, messages }) =>
    messages.map(({ ruleId, message, line }) => `${filePath}:${line} ${ruleId}: ${message}`),
  )
  expect(found).toEqual([])
})

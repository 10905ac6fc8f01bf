import { errorCodes } from 'indelible'
import { expect, test } from 'vitest'

test('every error code is documented, and nothing else is', async () => {
  const rows = Object.entries(errorCodes).map(
    ([code, { meaning, retryable }]) => `| \`${code}\` | ${meaning} | ${retryable ? 'yes' : 'no'} |`,
  )
  const page = `# Error codes

Every fault is an \`IndelibleError\` with one of these as its \`code\`. Branch on the code, never on the text. Made from \`kernel/errors.ts\`;
\`npx vitest run docs -u\` writes it again.

| code | meaning | may the same call succeed later? |
|---|---|---|
${rows.join('\n')}
`
  await expect(page).toMatchFileSnapshot('errors.md')
})

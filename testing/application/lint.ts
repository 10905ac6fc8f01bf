// Lints a decision that looks at the clock.
import { Linter } from 'eslint'
import indelible from 'eslint-plugin-indelible'

const code = `import { account, FundsWithdrawn } from './account.js'
account.command('WithdrawFunds', { decide: (state, { amount }) => FundsWithdrawn({ amount, at: Date.now() }) })`

for (const { ruleId, line } of new Linter().verify(code, [indelible.configs.recommended])) console.log(ruleId, line)

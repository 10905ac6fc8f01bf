// The failures that a command can end with, and the exit code of each.
export { CliError, type CliErrorCode } from './errors.ts'
export { exitCodes, exitMeanings, type Outcome, outcomeOf } from './exit-codes.ts'
export { fileProblem } from './file-problem.ts'
export { withDirectory } from './log-fault.ts'

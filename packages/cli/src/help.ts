// How help looks: the same order everywhere, examples at the end, exit codes once.
import type { Command } from 'commander'
import { exitCodes, exitMeanings, type Outcome } from './errors/index.ts'

export interface Description {
  /** For the list of commands. */
  readonly summary: string
  readonly about: string
  /** Command line and what it shows. */
  readonly examples: readonly (readonly [line: string, shows: string])[]
}

/** Adds a command without its own options yet. */
export function addCommand(program: Command, name: string, { summary, about, examples }: Description): Command {
  return program.command(name).summary(summary).description(about).addHelpText('after', examplesText(examples))
}

export function examplesText(examples: Description['examples']): string {
  const lines = examples.map(([line, shows]) => `  ${line}\n      ${shows}`)
  return `\nExamples:\n${lines.join('\n')}`
}

export function exitCodesText(): string {
  const outcomes = Object.keys(exitCodes) as Outcome[]
  const lines = outcomes.map((outcome) => `  ${String(exitCodes[outcome]).padEnd(4)} ${exitMeanings[outcome]}`)
  return `\nExit codes:\n${lines.join('\n')}`
}

// The layout of the help texts: the same order for every command, examples at the end, exit codes once.
import type { Command } from 'commander'
import { exitCodes, exitMeanings, type Outcome } from './errors/index.ts'

export interface Description {
  /** For the list of commands. */
  readonly summary: string
  readonly about: string
  /** A command line and what it does. */
  readonly examples: readonly (readonly [line: string, shows: string])[]
}

/** Adds a command. Its own options are added by the caller. */
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

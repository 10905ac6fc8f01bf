// The command line as a whole: which commands there are and what they have in common.
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { commands } from './commands/index.ts'
import { examplesText, exitCodesText } from './help.ts'
import { addCommonOptions } from './options/index.ts'
import type { Session } from './session.ts'

/** Builds the program. What commander prints goes to `print`; what it would end the process for, it throws. */
export function programFor(session: Session, print: (text: string) => void): Command {
  const { out } = session
  const program = new Command('indelible')
    .description(
      'Look at an Indelible log: what is in it, what happens, what was, and whether it is whole. Copy it.\nLook after the tables that are made from it. No command changes the log.',
    )
    .version(packageVersion(), '-v, --version', 'print the version')
    .usage('<command> [options]')
    .helpCommand('help [command]', 'show the help of a command')
    // `state` has a --version of its own, so what stands after a command belongs to it.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: print,
      outputError: () => {},
      getOutHelpWidth: () => Math.min(out.columns, 120),
      getErrHelpWidth: () => Math.min(out.columns, 120),
      getOutHasColors: () => out.hasColors,
      getErrHasColors: () => out.hasColors,
    })
    .configureHelp({ subcommandTerm: termOf, styleTitle: (title) => out.paint('bold', title) })
    .addHelpText('after', `${examplesText(examples)}\n${exitCodesText()}`)
  addCommonOptions(program)
  for (const add of commands) add(program, session)
  return program
}

const examples = [
  ['indelible stat --data ./data', 'what is in the log'],
  ['indelible read account-576', 'everything that happened to one account'],
  ['indelible tail --type FundsWithdrawn', 'withdrawals, as they happen'],
  ['indelible state account 576 --recorded-at 2026-11-23', 'an account as it was known to be on that day'],
  ['indelible verify', 'check every byte'],
  ['indelible backup /backup/data', 'copy the log, or what is new in it'],
  ['indelible projections list', 'how far the read tables are'],
] as const

/** How a command stands in the list: with its arguments, without a word on options, which every command has. */
function termOf(command: Command): string {
  const names = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  )
  return [command.name(), ...names].join(' ')
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

// The program: its commands, and what they have in common.
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { commands } from './commands/index.ts'
import { CliError } from './errors/index.ts'
import { examplesText, exitCodesText } from './help.ts'
import { addCommonOptions } from './options/index.ts'
import type { Session } from './session.ts'

/** Builds the program. It prints with `print`, and throws where commander would end the process. */
export function programFor(session: Session, print: (text: string) => void): Command {
  const { out } = session
  const program = new Command('indelible')
    .description(
      'Inspect, follow, verify and back up an Indelible log. Manage its projections and sagas. Run a system.\nOnly serve, keys and tenants write the log.',
    )
    .version(packageVersion(), '-v, --version', 'print the version')
    .usage('<command> [options]')
    .helpCommand('help [command]', 'show the help of a command')
    // `state` has its own option --version, so options after a command belong to that command.
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
    .hook('preAction', (_, command) => refuseEmpty(command))
  addCommonOptions(program)
  for (const add of commands) add(program, session)
  return program
}

const examples = [
  ['indelible stat --data ./data', 'statistics of a log'],
  ['indelible read account-576', 'all events of one account'],
  ['indelible tail --type FundsWithdrawn', 'withdrawals, as they happen'],
  ['indelible state account 576 --recorded-at 2026-11-23', 'an account as it was recorded on that day'],
  ['indelible verify', 'check every byte'],
  ['indelible backup /backup/data', 'copy the log, or only its new events'],
  ['indelible projections list', 'the state of all projections'],
  ['indelible sagas list', 'the sagas that have not ended, and what they wait for'],
] as const

/** Most likely a variable of the shell that is not set. An empty directory would be the current one. */
function refuseEmpty(command: Command): void {
  const empty = command.registeredArguments
    .filter((_, index) => command.args[index] === '')
    .map((each) => `<${each.name()}>`)
  for (let at: Command | null = command; at; at = at.parent) {
    const { options } = at
    for (const option of options) if (at.getOptionValue(option.attributeName()) === '') empty.push(option.flags)
  }
  if (empty.length === 0) return
  throw new CliError('usage', `This is empty: ${empty.join(', ')}. Leave it out, or give it a value.`)
}

/** A command in the list of commands: with its arguments and without "[options]", which every command has. */
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

// One call of the program, from arguments to exit code. It knows nothing of the process, so that tests can call it.
import { CommanderError } from 'commander'
import { CliError, exitCodes } from './errors/index.ts'
import { failureOf, failureText } from './failure.ts'
import { type OutputStream, outputTo } from './output/index.ts'
import { programFor } from './program.ts'
import type { Session } from './session.ts'

export interface RunOptions {
  /** Where results go. Colors, cut lines and the like come only where a stream says `isTTY`. */
  readonly stdout: OutputStream
  /** Where errors and progress go. */
  readonly stderr: OutputStream
  /** The working directory. */
  readonly cwd: string
  /** Ends a command early, as Ctrl-C does. */
  readonly signal: AbortSignal
}

/** Runs a command: `run(['stat', '--data', './data'], …)`. Never throws; gives one of {@link exitCodes}. */
export async function run(argv: readonly string[], { stdout, stderr, cwd, signal }: RunOptions): Promise<number> {
  const out = outputTo(stdout)
  const errors = outputTo(stderr)
  try {
    return await execute(argv, { out, errors, cwd, interrupted: signal, signal: AbortSignal.any([signal, out.gone]) })
  } catch (error) {
    // With nobody left to read, there is nobody to tell either; that is how `| head` ends a command.
    if (out.gone.aborted) return exitCodes.ok
    const failure = failureOf(error)
    await errors.write(failureText(failure, { json: argv.includes('--json') })).catch(() => {})
    return failure.exitCode
  }
}

async function execute(argv: readonly string[], session: Session): Promise<number> {
  const printed: string[] = []
  try {
    await programFor(session, (text) => printed.push(text)).parseAsync(argv, { from: 'user' })
    return exitCodes.ok
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0 && argv.length > 0) throw usageError(error, argv)
    // Help and version, asked for or because nothing was asked.
    await (argv.length > 0 ? session.out : session.errors).write(printed.join(''))
    return argv.length > 0 ? exitCodes.ok : exitCodes.usage
  }
}

function usageError({ code, message }: CommanderError, argv: readonly string[]): CliError {
  const [name, topic] = argv
  const said =
    code === 'commander.help' ? (name === 'help' ? `There is no command '${topic}'.` : 'Which command?') : message
  const sentence = said
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/[^?.!]$/, '$&.')
  return new CliError('usage', `${sentence[0]!.toUpperCase()}${sentence.slice(1)} Add --help to see what can be given.`)
}

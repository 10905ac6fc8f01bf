// Runs the program once, from arguments to exit code. It does not use the process, so that tests can call it.
import { CommanderError } from 'commander'
import { CliError, exitCodes } from './errors/index.ts'
import { failureOf, failureText } from './failure.ts'
import { type OutputStream, outputTo } from './output/index.ts'
import { programFor } from './program.ts'
import type { Session } from './session.ts'

export interface RunOptions {
  /** Results are written here. Colors and truncated lines are used only if the stream has `isTTY`. */
  readonly stdout: OutputStream
  /** Errors and progress are written here. */
  readonly stderr: OutputStream
  /** The working directory. */
  readonly cwd: string
  /** The environment: `INDELIBLE_KEY`. Empty by default. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Stops the command, like Ctrl-C. */
  readonly signal: AbortSignal
}

/** Runs a command: `run(['stat', '--data', './data'], …)`. Never throws. Returns one of {@link exitCodes}. */
export async function run(
  argv: readonly string[],
  { stdout, stderr, cwd, env = {}, signal }: RunOptions,
): Promise<number> {
  const out = outputTo(stdout)
  const errors = outputTo(stderr)
  try {
    return await execute(argv, {
      out,
      errors,
      cwd,
      env,
      interrupted: signal,
      signal: AbortSignal.any([signal, out.closed]),
    })
  } catch (error) {
    // The reader of the output has closed it (`| head`). That is not an error.
    if (out.closed.aborted) return exitCodes.ok
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
    // Help and version. Without arguments the help is printed to stderr.
    await (argv.length > 0 ? session.out : session.errors).write(printed.join(''))
    return argv.length > 0 ? exitCodes.ok : exitCodes.usage
  }
}

function usageError({ code, message }: CommanderError, argv: readonly string[]): CliError {
  const [name, topic] = argv
  const said =
    code === 'commander.help'
      ? name === 'help'
        ? `There is no command '${topic}'.`
        : 'A command is missing.'
      : message
  const sentence = said
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/[^?.!]$/, '$&.')
  return new CliError('usage', `${sentence[0]!.toUpperCase()}${sentence.slice(1)} Add --help to see the usage.`)
}

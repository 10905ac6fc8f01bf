// The bank's own command line: serve it, or import the history of a real one.
import { Command, InvalidArgumentError } from 'commander'
import { IndelibleError } from 'indelible'
import { BadInput } from './import/bad-input.ts'
import { importCzechBank } from './import/import-command.ts'
import { serveBank } from './serve.ts'

/** Runs a command line; problems end up on standard error and in the exit code: 2 for bad input, 1 for any other fault. */
export async function main(args: readonly string[]): Promise<void> {
  const program = new Command('bank').description('An event-sourced bank, the standing example of Indelible.')
  program
    .command('serve', { isDefault: true })
    .description('serve the bank over HTTP on this machine')
    .option('--data <dir>', 'where log, snapshots and embedded read tables are kept', 'examples/bank/data')
    .option('--port <number>', 'the port to listen on, 0 for any free one', portNumber, 3000)
    .option('--database <url>', 'a Postgres server for the read tables, instead of the embedded one')
    .addHelpText('after', '\nExamples:\n  npm start\n  npm run bank -- serve --data /var/lib/bank --port 8080')
    .action(serveBank)
  program
    .command('import')
    .description('replay the real Czech bank of 1993 through commands, then check every account on every day')
    .requiredOption('--from <dir>', 'the folder with account.asc and trans.asc')
    .requiredOption('--data <dir>', 'where to keep log, snapshots and embedded read tables')
    .option('--database <url>', 'a Postgres server for the read tables, instead of the embedded one')
    .option('--json', 'end with one line of JSON')
    .addHelpText(
      'after',
      '\nAn import that was interrupted is finished by running it again.\n\n' +
        'Examples:\n  npm run bank -- import --from czech-bank --data /tmp/bank\n' +
        '  npm run --silent bank -- import --from czech-bank --data /tmp/bank --json | tail -1',
    )
    .action(importCzechBank)

  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof BadInput) && !(error instanceof IndelibleError)) throw error
    console.error(error.message)
    process.exitCode = error instanceof BadInput ? 2 : 1
  }
}

function portNumber(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port
  throw new InvalidArgumentError('A port is a number from 0 to 65535.')
}

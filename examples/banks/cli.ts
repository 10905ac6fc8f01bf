// `npm run banks`: two banks on this machine, and the story of some transfers between them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { tellStory } from './story.ts'

export async function main(args: readonly string[]): Promise<void> {
  await new Command('banks')
    .description(
      'Two banks, two processes, two logs. Transfers go from one to the other over HTTP; B refuses one, is closed, is cut off, and is killed.',
    )
    .option('--data <dir>', 'where both logs are kept; a temporary folder that is removed at the end when left out')
    .addHelpText('after', '\nExamples:\n  npm run banks\n  npm run banks -- --data /tmp/banks')
    .action(async ({ data }: { readonly data?: string }) => {
      const stop = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
      const dir = data ?? (await mkdtemp(join(tmpdir(), 'indelible-banks-')))
      try {
        await tellStory({ data: dir, write: (line) => console.log(line), signal: stop.signal })
      } catch (error) {
        if (!stop.signal.aborted) throw error
        process.exitCode = 130
      } finally {
        if (data === undefined) await rm(dir, { recursive: true, force: true })
      }
    })
    .parseAsync(args, { from: 'user' })
}

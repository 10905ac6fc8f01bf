// The program: runs the requested cases, prints their results, and leaves nothing behind except the logs that it keeps.
import { type BenchCase, type BenchContext, type Row, sized } from './case.ts'
import { helpText, listText, type Options, readOptions, UsageError } from './options.ts'
import { jsonLine, table } from './report.ts'
import { openWorkplace } from './workplace.ts'

/** Returns the exit code. */
export async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options.wants === 'help') process.stdout.write(helpText())
    else if (options.wants === 'list') process.stdout.write(listText())
    else await run(options)
    return 0
  } catch (error) {
    const isUsage = error instanceof UsageError
    const text = isUsage ? `${error.message} Add --help to see more.` : String((error as Error)?.stack ?? error)
    process.stderr.write(`error: ${text}\n`)
    return isUsage ? 2 : 1
  }
}

async function run(options: Options): Promise<void> {
  const workplace = await openWorkplace(options)
  let interrupted: Promise<void> | undefined
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      // Ctrl-C also reaches the Postgres server, and its clients would report that during the cleanup.
      process.on('uncaughtException', () => {})
      interrupted ??= workplace.leave().finally(() => process.exit(130))
    })
  }
  try {
    for (const one of options.cases) await runCase(one, options, workplace.context(one))
  } finally {
    await (interrupted ?? workplace.leave())
  }
}

async function runCase(one: BenchCase, { json, scale }: Options, context: BenchContext): Promise<void> {
  const rows: Row[] = []
  for await (const row of one.run(context)) {
    rows.push(row)
    if (json) process.stdout.write(jsonLine(row))
  }
  if (!json) process.stdout.write(`${table(rows)}${sized(scale, { full: '', quick: quickNote, tiny: quickNote })}\n`)
}

const quickNote = 'A quick run: smaller logs and one short round.\n'

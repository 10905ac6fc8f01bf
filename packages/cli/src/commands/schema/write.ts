// `indelible schema write`: the events of the code as a file to commit, so that a change of them shows in a diff and CI can check it without a log.
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { contractFileOf, describeSystem } from 'indelible/schema'
import { CliError, fileProblem } from '../../errors/index.ts'
import { addCommand } from '../../help.ts'
import { addCommonOptions, type CommonOptions, systemOf } from '../../options/index.ts'
import { formatCount, jsonLine } from '../../output/index.ts'
import type { Session } from '../../session.ts'

const fileDefault = 'indelible.schema.json'

export function addWrite(group: Command, session: Session): void {
  const command = addCommand(group, 'write', {
    summary: 'write the event types of the code to a file to commit',
    about:
      'Write the event types of the code, with all their versions, tags and personal members, to a JSON file. ' +
      'The order is always the same. Commit it, and let CI run schema check --against FILE.',
    examples: [
      ['indelible schema write', `to ${fileDefault}`],
      ['indelible schema write contracts/events.json', 'to another file'],
    ],
  }).argument('[file]', 'the file, which is overwritten', fileDefault)
  addCommonOptions(command).action((file: string) => write(file, command.optsWithGlobals(), session))
}

async function write(file: string, options: CommonOptions, session: Session): Promise<void> {
  const { system } = await systemOf(options, session)
  const described = describeSystem(system)
  const path = resolve(session.cwd, file)
  await writeFile(path, contractFileOf(described)).catch((cause) => {
    throw new CliError('usage', `${path} cannot be written: ${fileProblem(cause)}.`, { cause })
  })
  const eventTypes = described.events.length
  await session.out.write(
    options.json
      ? `${jsonLine({ file: path, eventTypes })}\n`
      : `${formatCount(eventTypes, 'event type')} in ${path}\n`,
  )
}

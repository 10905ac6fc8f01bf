// `indelible doctor`: whether configuration and machine are as the system needs them.
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { examine, type Finding, type FindingStatus } from '../doctor/index.ts'
import { CliError } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import { addCommonOptions, type CommonOptions, systemOf } from '../options/index.ts'
import { escapeControls, formatCount, jsonLine, type Output, padToCells } from '../output/index.ts'
import type { Session } from '../session.ts'

interface Options extends CommonOptions {
  readonly host?: string
}

export function addDoctor(program: Command, session: Session): void {
  const command = addCommand(program, 'doctor', {
    summary: 'check configuration and machine',
    about:
      'Check what the system needs: config, data directory, disk and how fast it makes writes durable, files, clock, memory, Node, log, schemas, database, ' +
      'and who can reach the server. Run it as the user of the service. It never writes the log, and shows no secrets. It ends with 1 if something failed.',
    examples: [
      ['indelible doctor', 'the config found here'],
      ['indelible doctor --host 0.0.0.0', 'for a server that other machines reach'],
      ['indelible doctor --json | jq \'select(.status != "ok")\'', 'what is not right, for a program'],
    ],
  }).option('--host <address>', 'the address that serve will listen on (default: from the config, else 127.0.0.1)')
  addCommonOptions(command).action(() => doctor(command.optsWithGlobals(), session))
}

async function doctor(options: Options, session: Session): Promise<void> {
  const { out, signal } = session
  const dataDir = options.data === undefined ? undefined : resolve(session.cwd, options.data)
  let failed = 0
  for await (const finding of examine({ config: () => systemOf(options, session), dataDir, host: options.host })) {
    if (finding.status === 'fail') failed++
    await out.write(options.json ? `${jsonLine(finding)}\n` : textOf(finding, out))
    if (signal.aborted) throw new CliError('interrupted', 'Interrupted.')
  }
  if (failed > 0)
    throw new CliError('doctor_failed', `${formatCount(failed, 'check')} failed. Each says what to do.`, {
      details: { failed },
    })
}

const colors = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'dim' } as const satisfies Record<
  FindingStatus,
  string
>

function textOf({ check, status, message, advice }: Finding, out: Output): string {
  const line = `${out.paint(colors[status], status.padEnd(4))}  ${padToCells(check, checkCells)}  ${escapeControls(message)}\n`
  return advice === undefined ? line : `${line}${' '.repeat(checkCells + 8)}→ ${escapeControls(advice)}\n`
}

/** The longest name of a check. */
const checkCells = 17

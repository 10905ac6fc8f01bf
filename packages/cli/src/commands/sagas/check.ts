// `indelible sagas check`: whether the sagas of the config are sound, and whether every open instance in the log fits them.
import type { Command } from 'commander'
import { isIndelibleError } from 'indelible'
import { judgedSagas, type SagaJudged, type SagaNote, sagaNotes } from 'indelible/operations'
import { CliError } from '../../errors/index.ts'
import { addCommand } from '../../help.ts'
import { addCommonOptions, type CommonOptions, inspectorsOf, untilOpen } from '../../options/index.ts'
import { escapeControls, formatCount, jsonLine } from '../../output/index.ts'
import { interruptedError, type Session } from '../../session.ts'

export function addCheck(group: Command, session: Session): void {
  const command = addCommand(group, 'check', {
    summary: 'check all sagas, and whether open instances fit the code',
    about:
      'Check the declared sagas: for example a step that cannot be taken back, or a compensation that may be refused and has no owner. ' +
      'Then walk every open instance in the log with the code as it is now. It changes nothing. It ends with 1 if a saga has an error, ' +
      'or an instance does not fit.',
    examples: [
      ['indelible sagas check', 'before a deployment, with the new code'],
      ['indelible sagas check --data /backup/data --config indelible.config.ts', 'against a copy of the log'],
      [
        'indelible sagas check --json | jq \'select(.verdict == "unfit")\'',
        'for a program: findings, instances, then totals',
      ],
    ],
  })
  addCommonOptions(command).action(() => check(command.optsWithGlobals(), session))
}

interface Totals {
  findings: { errors: number; warnings: number }
  instances: { fits: number; mapped: number; former: number; unfit: number }
}

async function check(options: CommonOptions, session: Session): Promise<void> {
  const { out, signal } = session
  const { system, store: openStore } = await inspectorsOf(options, session).catch((error) => {
    throw declarationError(error)
  })
  const { sagas } = system
  const totals: Totals = {
    findings: { errors: 0, warnings: 0 },
    instances: { fits: 0, mapped: 0, former: 0, unfit: 0 },
  }
  const print = (kind: string, value: object, text: string) =>
    out.write(options.json ? `${jsonLine({ about: kind, ...value })}\n` : `${escapeControls(text)}\n`)
  for (const note of sagaNotes(sagas)) {
    totals.findings[note.kind === 'error' ? 'errors' : 'warnings']++
    await print('declaration', note, noteText(note))
  }
  const store = await untilOpen(openStore(), session).catch((error) => {
    // A new system has no log yet, and no open instances. A log that was named must be there.
    if (isIndelibleError(error, 'store_missing') && options.data === undefined) return undefined
    throw error
  })
  try {
    for await (const judged of store ? judgedSagas({ store, sagas, nowMs: Date.now() }) : []) {
      if (signal.aborted) throw interruptedError()
      totals.instances[judged.verdict]++
      await print('instance', judged, judgedText(judged))
    }
  } finally {
    await store?.close()
  }
  await print('totals', { sagas: sagas.length, ...totals }, totalsText(sagas.length, totals, store !== undefined))
  const { errors } = totals.findings
  const { unfit } = totals.instances
  if (errors + unfit > 0) throw new CliError('sagas_unfit', unfitText(errors, unfit), { details: { errors, unfit } })
}

/** `defineSystem` refuses a saga with errors, so that the config does not load: here that is the finding. */
function declarationError(error: unknown): unknown {
  const cause = isIndelibleError(error, 'config_invalid') ? error.cause : undefined
  return isIndelibleError(cause, 'invalid_declaration') ? new CliError('sagas_unfit', cause.message, { cause }) : error
}

function noteText({ saga, kind, message }: SagaNote): string {
  return `${kind}: saga ${saga}: ${message}`
}

function judgedText(judged: SagaJudged): string {
  const { saga, id, status, definition } = judged
  const which = `${saga} ${id} (${status}, began on version ${definition})`
  if (judged.verdict === 'unfit') return `does not fit: ${which}: ${judged.reason}`
  const how = {
    fits: '',
    mapped: `: goes over to version ${judged.version} by its map`,
    former: `: ends on version ${judged.version}, which is kept`,
  }
  return `fits: ${which}${how[judged.verdict]}`
}

function totalsText(sagas: number, { findings, instances }: Totals, hasLog: boolean): string {
  const { fits, mapped, former, unfit } = instances
  const fitting = fits + mapped + former
  const declared = `${formatCount(sagas, 'saga')}: ${formatCount(findings.errors, 'error')}, ${formatCount(findings.warnings, 'warning')}.`
  if (!hasLog) return `${declared} There is no log yet, so no instances.`
  return `${declared} ${formatCount(fitting + unfit, 'open instance')}: ${fitting} fit (${mapped} by a map, ${former} on an earlier version that is kept), ${unfit} do not fit.`
}

function unfitText(errors: number, unfit: number): string {
  const parts = [
    ...(errors > 0 ? [`The sagas have ${formatCount(errors, 'error')}.`] : []),
    ...(unfit > 0
      ? [
          `${formatCount(unfit, 'open instance')} would need intervention with this code. Map their version, or keep it: saga(name, { version, maps: { 1: { steps } }, former: [earlier] }).`,
        ]
      : []),
  ]
  return parts.join(' ')
}

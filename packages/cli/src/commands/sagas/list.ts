// `indelible sagas list`: where sagas are, since when, and what they wait for.
import { type Command, Option } from 'commander'
import { type SagaFilters, type SagaListed, sagaStatuses } from 'indelible/operations'
import { addCommand } from '../../help.ts'
import { addClientOptions, type ClientOptions, duration, wholeNumber } from '../../options/index.ts'
import { escapeControls, jsonLine, type Output, table, truncate } from '../../output/index.ts'
import { ageText, pagesOf, waitText } from '../../sagas/index.ts'
import type { Session } from '../../session.ts'
import { withSagaClient } from './client-options.ts'

const limitDefault = 100
const pageMax = 1_000

interface Options extends ClientOptions {
  readonly status: NonNullable<SagaFilters['status']>
  readonly step?: string
  readonly olderThan?: number
  readonly limit: number
}

export function addList(group: Command, session: Session): void {
  const command = addCommand(group, 'list', {
    summary: 'list sagas, what they wait for and since when',
    about:
      'List the sagas that have not ended, oldest first: status, age, the steps at which each is, and what it waits for. ' +
      'The age of a step counts from when the saga got there.',
    examples: [
      ['indelible sagas list', 'all that have not ended'],
      ['indelible sagas list transfer --status compensationFailed', 'transfers that wait for sagas resume'],
      ['indelible sagas list --step deposit --older-than 2h', 'those that hang at a step'],
      ['indelible sagas list --status all --json | jq .status', 'for a program, one saga per line'],
    ],
  })
    .argument('[name]', 'only this saga')
    .addOption(
      new Option('--status <status>', 'only with this status; open: those that have not ended')
        .choices(['open', 'all', ...sagaStatuses])
        .default('open'),
    )
    .option('--step <step>', 'only at this step; lines/reserve means every item of lines')
    .option('--older-than <time>', 'only those that started so long ago: 30s, 5m, 2h or 7d', duration('--older-than'))
    .option('--limit <count>', 'at most so many', wholeNumber('--limit', 'a count', 1), limitDefault)
  addClientOptions(command).action((name?: string) => list(name, command.optsWithGlobals(), session))
}

async function list(name: string | undefined, options: Options, session: Session): Promise<void> {
  const { out } = session
  const { status, step, olderThan, limit, json } = options
  const filters: SagaFilters = {
    status,
    ...(name === undefined ? {} : { name }),
    ...(step === undefined ? {} : { step }),
    ...(olderThan === undefined ? {} : { olderThanMs: olderThan }),
  }
  const found: SagaListed[] = []
  let isCut = false
  await withSagaClient(options, session, async (client) => {
    const read = (from: number) => client.list({ ...filters, from, limit: Math.min(pageMax, limit - found.length) })
    for await (const { sagas, next } of pagesOf(read)) {
      found.push(...sagas)
      isCut = next !== null && found.length >= limit
      if (isCut) break
    }
  })
  if (json) return await out.write(found.map((each) => `${jsonLine(each)}\n`).join(''))
  const more = isCut ? `\nThese are the first ${limit}. There may be more: give --limit or a filter.\n` : ''
  await out.write(format(found, status, out) + more)
}

const titles = ['SAGA', 'ID', 'STATUS', 'AGE', 'STEP', 'SINCE', 'WAITS FOR']

function format(sagas: readonly SagaListed[], status: Options['status'], out: Output): string {
  if (sagas.length === 0)
    return status === 'open' ? 'No saga is open. To see those that ended: --status all\n' : 'No saga matches.\n'
  const now = Date.now()
  const rows = sagas.flatMap(({ saga, id, status, ageMs, steps }) => {
    const which = [saga, escapeControls(id), status, ageText(ageMs)]
    if (steps.length === 0) return [[...which, '-', '-', '-']]
    return steps.map((step, index) => [
      ...(index === 0 ? which : ['', '', '', '']),
      step.step,
      ageText(now - Date.parse(step.since)),
      escapeControls(waitText(step)),
    ])
  })
  const isRight = (column: number) => column === 3 || column === 5
  const [head, ...lines] = table([titles, ...rows], isRight).map((line) => truncate(line, out.columns))
  const problems = sagas.flatMap(({ saga, id, problem }) =>
    problem === null ? [] : [truncate(escapeControls(`${saga} ${id} needs a person: ${problem}`), out.columns)],
  )
  return [out.paint('bold', head!), ...lines, ...(problems.length > 0 ? ['', ...problems] : []), ''].join('\n')
}

// `indelible sagas show`: the story of one saga.

import type { Command } from 'commander'
import type { SagaHappening, SagaStory } from 'indelible/operations'
import { addCommand } from '../../help.ts'
import { addClientOptions, type ClientOptions } from '../../options/index.ts'
import { escapeControls, jsonLine, type Output, padToCells, table } from '../../output/index.ts'
import { ageText, pagesOf } from '../../sagas/index.ts'
import type { Session } from '../../session.ts'
import { idArgument, nameArgument, withSagaClient } from './client-options.ts'

const pageSize = 1_000

export function addShow(group: Command, session: Session): void {
  const command = addCommand(group, 'show', {
    summary: 'tell what happened to one saga, and what comes next',
    about:
      'Tell the story of one saga, step by step: events, commands, timers, who decided what and why. Then what comes next, and when at ' +
      'the latest.',
    examples: [
      ['indelible sagas show transfer t1', 'from the log'],
      ['indelible sagas show transfer t1 --url http://127.0.0.1:3000', 'from a running server'],
      ['indelible sagas show transfer t1 --json | jq .ahead', 'for a program'],
    ],
  })
    .argument(...nameArgument)
    .argument(...idArgument)
  addClientOptions(command).action((name: string, id: string) => show({ name, id }, command.optsWithGlobals(), session))
}

async function show(
  { name, id }: { name: string; id: string },
  options: ClientOptions,
  session: Session,
): Promise<void> {
  const { out } = session
  const story = await withSagaClient(options, session, async (client) => {
    const pages = await Array.fromAsync(pagesOf((from) => client.story(name, id, { from, limit: pageSize })))
    // It may have gone on meanwhile: the last page knows it best.
    return { ...pages.at(-1)!, history: pages.flatMap(({ history }) => history) }
  })
  const { next: _, ...whole } = story
  await out.write(options.json ? `${jsonLine(whole)}\n` : format(story, out))
}

function format(story: SagaStory, out: Output): string {
  const { saga, id, status, definition, startedAt, ageMs, failure, problem, history, ahead } = story
  const facts = [
    ['Status', status],
    ['Started', `${startedAt}, ${ageText(ageMs)} ago, on version ${definition}`],
    ...(failure ? [['Failure', `${failure.reason}${failure.step && ` at ${failure.step}`}`] as const] : []),
    ...(problem === null ? [] : [['Problem', problem] as const]),
  ] as const
  const title = (text: string) => out.paint('bold', text)
  const coming = ahead.map(({ step, text, at }) => [
    at === null ? 'any time' : `until ${at}`,
    step,
    escapeControls(text),
  ])
  return [
    out.paint(['cyan', 'bold'], escapeControls(`${saga} ${id}`)),
    '',
    ...facts.map(([name, text]) => `${title(padToCells(name, 7))}  ${escapeControls(text)}`),
    '',
    title('What happened'),
    ...table(history.map(rowOf), () => false),
    ...(coming.length === 0 ? [] : ['', title('What comes next'), ...table(coming, () => false)]),
    '',
  ].join('\n')
}

function rowOf({ recordedAt, step, text, actor, reason }: SagaHappening): readonly string[] {
  const decided = [actor === null ? '' : `by ${actor}`, reason ?? ''].filter(Boolean).join(': ')
  const who = decided === '' ? '' : ` (${decided})`
  return [recordedAt, step ?? '-', escapeControls(`${text}${who}`)]
}

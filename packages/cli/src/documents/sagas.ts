// Saga State Machines: each saga as a picture, and its states and transitions as a table.
import { type NodeDescription, type SagaDescription, sagaDiagram } from 'indelible/schema'
import { type Block, heading, joined, list, type Page, paragraph, picture, type Text, table } from './blocks.ts'
import { commandLink, refusalsOf } from './commands.ts'
import { counted, type Source } from './source.ts'

export function sagasPage(source: Source): Page {
  const { sagas, name } = source.system
  return {
    name: 'sagas',
    title: 'Saga State Machines',
    about:
      sagas.length === 0
        ? `${name} has no sagas.`
        : `${counted(sagas.length, 'saga')} of ${name}: the way to success, the way back, and what a person must mend.`,
    blocks: sagas.flatMap((saga) => sagaBlocks(saga, source)),
  }
}

function sagaBlocks(saga: SagaDescription, source: Source): readonly Block[] {
  const { name, description, owner, startsOn, cancelsOn, version } = saga
  const events = (types: readonly string[]) => joined(types.map((type) => ({ link: `event/${type}`, text: type })))
  return [
    heading(2, name, { id: `saga/${name}` }),
    ...paragraph(description),
    ...list([
      [{ strong: 'Starts on: ' }, ...(startsOn.length > 0 ? events(startsOn) : ['another saga'])],
      ...(cancelsOn.length > 0 ? [[{ strong: 'Cancelled by: ' }, ...events(cancelsOn)]] : []),
      [{ strong: 'Owner, who sees to what cannot go on: ' }, owner ?? 'nobody is named'],
      [{ strong: 'Version: ' }, String(version)],
    ]),
    picture({
      name: source.pictureFiles.get(`saga-${name}`)!,
      alt: `Saga ${name}: solid lines lead to success, dashed lines take back, dotted lines lead to what a person must mend`,
      drawing: { diagram: sagaDiagram(saga, source.system) },
    }),
    heading(3, `States of ${name}`),
    ...table(
      ['State', 'What it does there', 'Then', 'Or', 'Taken back by'],
      [...rowsOf(saga.flow, '', source), ...endRows(saga, source)],
    ),
    ...paragraph([
      'Where taking back is refused or fails, an instance stands at ',
      { code: 'compensationFailed' },
      ` until ${owner ?? 'a person'} resumes it: `,
      { code: `indelible sagas list ${name} --status compensationFailed` },
      ', then ',
      { code: `indelible sagas resume ${name} ID` },
      '.',
    ]),
  ]
}

function rowsOf(nodes: readonly NodeDescription[], prefix: string, source: Source): readonly (readonly Text[])[] {
  return nodes.flatMap((node, index) => {
    const after = nodes[index + 1]?.name ?? (prefix === '' ? 'completed' : 'the rest')
    const own = [
      [{ code: prefix + node.name }],
      doing(node, source),
      goesOn(node, after),
      otherwise(node, source),
      takenBack(node, source),
    ]
    if (node.kind === 'each') return [own, ...rowsOf(node.flow, `${prefix}${node.name}/`, source)]
    if (node.kind !== 'parallel' && node.kind !== 'choose') return [own]
    return [
      own,
      ...Object.entries(node.branches).flatMap(([branch, flow]) =>
        rowsOf(flow, `${prefix}${node.name}/${branch}/`, source),
      ),
    ]
  })
}

function doing(node: NodeDescription, source: Source): Text {
  switch (node.kind) {
    case 'step':
      return [
        'sends ',
        commandLink(node.sends, source),
        ...(node.timeout === null ? [] : [`, and waits ${node.timeout} for the answer`]),
      ]
    case 'await':
      return ['waits for ', { link: `event/${node.event}`, text: node.event }, limit(node.within)]
    case 'ask':
      return `asks a person${limit(node.within)}`
    case 'sleep':
      return node.for === null ? 'sleeps until a time' : `sleeps for ${node.for}`
    case 'child':
      return ['runs ', { link: `saga/${node.saga}`, text: node.saga }]
    case 'each':
      return `for each item, at most ${node.atOnce} at once`
    case 'parallel':
      return 'all branches at the same time'
    case 'choose':
      return 'one of the branches'
  }
}

function goesOn(node: NodeDescription, after: string): Text {
  if (node.kind === 'step' && node.continueOn.length > 0)
    return [after, '; also after ', ...joined(node.continueOn.map((reason) => ({ code: reason })))]
  const isPatient = (node.kind === 'await' || node.kind === 'ask') && node.otherwise === 'continue'
  return isPatient && node.within !== 'forever' ? `${after}; also after ${node.within}` : after
}

/** What makes it take back. */
function otherwise(node: NodeDescription, source: Source): Text {
  switch (node.kind) {
    case 'step': {
      const reasons = refusalsOf(node.sends, source).filter((reason) => !node.continueOn.includes(reason))
      const late = node.timeout === null ? [] : [`after ${node.timeout}`]
      return joined([...reasons.map((reason) => ({ code: reason })), ...late])
    }
    case 'await':
    case 'ask':
      return node.within === 'forever' || node.otherwise === 'continue' ? '—' : `after ${node.within}`
    case 'child':
      return 'the child took back'
    default:
      return '—'
  }
}

function takenBack(node: NodeDescription, source: Source): Text {
  if (node.kind !== 'step' && node.kind !== 'child') return '—'
  const { compensatesWith } = node
  if (compensatesWith === null) return 'nothing: after this it cannot be cancelled'
  return compensatesWith === 'nothing' ? 'nothing to take back' : [commandLink(compensatesWith, source)]
}

function endRows({ onCompleted, onCompensated, owner }: SagaDescription, source: Source): readonly (readonly Text[])[] {
  const last = (command: SagaDescription['onCompleted']): Text =>
    command === null ? 'ends' : ['sends ', commandLink(command, source), ' and ends']
  return [
    [[{ code: 'completed' }], last(onCompleted), '—', '—', '—'],
    [[{ code: 'compensated' }], last(onCompensated), '—', '—', '—'],
    [[{ code: 'compensationFailed' }], `waits for ${owner ?? 'a person'}`, 'what is left to take back', '—', '—'],
  ]
}

function limit(within: string): string {
  return within === 'forever' ? ', without a limit' : `, at most ${within}`
}

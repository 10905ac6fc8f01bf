// The Audit Trail Spec: how to ask for the past of anything that the system keeps.
import {
  aggregateExamples,
  type Example,
  proofExamples,
  type Subject,
  sagaExamples,
  subjectOf,
  tableExamples,
} from './audit-examples.ts'
import { type Block, code, heading, list, type Page, paragraph } from './blocks.ts'
import type { Source } from './source.ts'

export function auditPage(source: Source): Page {
  const { system } = source
  const subjects = subjectsOf(source)
  const day =
    subjects
      .map(({ day }) => day)
      .toSorted()
      .at(-1) ?? '2026-01-31'
  return {
    name: 'audit',
    title: 'Audit Trail Spec',
    about: `How to ask ${system.name} for the past of anything that it keeps: what was so, since when, who did it, and how that is proved.`,
    blocks: [
      ...list([
        [
          { strong: 'Nothing is ever changed or deleted. ' },
          'The log only grows; a mistake is corrected by a further event.',
        ],
        [
          { strong: 'Two times. ' },
          { code: 'recorded-at' },
          ' is when the log learned of it, ',
          { code: 'valid-at' },
          ' when it was true in the world.',
        ],
        [{ strong: 'A day ' }, 'is all of it, in UTC. A time is a point, and what happened at it is in.'],
        [
          { strong: 'The lines can be run ' },
          'beside ',
          { code: 'indelible.config.ts' },
          '; those of HTTP where ',
          { code: 'indelible serve' },
          ' runs.',
        ],
      ]),
      ...system.aggregates.flatMap(({ category, description }, index) => [
        heading(2, `Any ${category}`),
        ...paragraph(description),
        ...exampleBlocks(aggregateExamples(subjects[index]!)),
      ]),
      ...system.projections.flatMap((table) => [
        heading(2, `Read table ${table.name}`),
        ...paragraph(table.description),
        ...exampleBlocks(tableExamples(table, day)),
      ]),
      ...system.sagas.flatMap(({ name, startsOn }) => [
        heading(2, `Saga ${name}`),
        ...exampleBlocks(sagaExamples(name, sagaIdOf(startsOn, source))),
      ]),
      ...(subjects[0]
        ? [
            heading(2, 'Proofs'),
            ...paragraph(
              'Where the config keeps a Merkle tree, nobody needs to believe the log: each answer can be proved to others.',
            ),
            ...exampleBlocks(proofExamples(subjects[0])),
          ]
        : []),
    ],
  }
}

export function subjectsOf(source: Source): readonly Subject[] {
  return source.system.aggregates.map(({ category, events }) => subjectOf(category, events, source))
}

/** An instance has the id of the stream that started it. */
function sagaIdOf(startsOn: readonly string[], { samples }: Source): string {
  return startsOn.map((type) => samples.byType.get(type)?.newest.streamId).find((id) => id !== undefined) ?? '1'
}

/** Lines of one kind stand in one block, each under what it tells. */
function exampleBlocks(examples: readonly Example[]): readonly Block[] {
  return Object.entries(kinds).flatMap(([kind, { title, language, comment }]) => {
    const own = examples.filter((each) => each.kind === kind)
    if (own.length === 0) return []
    const text = own.map(({ about, text }) => `${comment} ${about}\n${text.trimEnd()}`).join('\n\n')
    return [...paragraph([{ strong: title }]), code(language, text)]
  })
}

const kinds = {
  sh: { title: 'On the command line', language: 'sh', comment: '#' },
  http: { title: 'Over HTTP', language: 'sh', comment: '#' },
  sql: { title: 'In SQL', language: 'sql', comment: '--' },
  ts: { title: 'In TypeScript', language: 'ts', comment: '//' },
} as const satisfies Record<Example['kind'], object>

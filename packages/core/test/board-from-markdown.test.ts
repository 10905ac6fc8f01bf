// A board is read as it was written, by the program or by a person in a hurry.
import fc from 'fast-check'
import { type Board, boardFromMarkdown, boardMarkdown, boardOf, describeSystem, type Field } from 'indelible/schema'
import { expect, test } from 'vitest'
import { bank } from '../../../examples/bank/bank.ts'
import { bank as partnered } from '../../../examples/banks/bank.ts'
import { shop } from '../../../examples/orders/system.ts'
import { drawnBoards } from './drawn-boards.ts'

/** A board has no limits of values and no descriptions of fields. */
function asWritten(board: Board): Board {
  const fields = (of: readonly Field[]): readonly Field[] =>
    of.map((each) => ({ ...each, constraints: [], description: null, fields: fields(each.fields) }))
  const withFields = <Part extends { readonly fields: readonly Field[] }>(part: Part) => ({
    ...part,
    fields: fields(part.fields),
  })
  return {
    ...board,
    lanes: board.lanes.map((lane) => ({
      ...lane,
      commands: lane.commands.map(withFields),
      events: lane.events.map(withFields),
    })),
    sagas: board.sagas.map((saga) => ({ ...saga, data: saga.data && fields(saga.data) })),
  }
}

test.each([
  ['the bank', bank],
  ['the shop', shop],
  ['the bank with a partner', partnered],
])('the board of %s is read as it was', (_name, system) => {
  const board = boardOf(describeSystem(system))
  expect(boardFromMarkdown(boardMarkdown(board))).toEqual(asWritten(board))
})

test('drawn boards are read as they were', () => {
  fc.assert(
    fc.property(drawnBoards, (board) => {
      expect(boardFromMarkdown(boardMarkdown(board))).toEqual(board)
    }),
    { numRuns: process.env.INDELIBLE_LONG ? 5_000 : 300 },
  )
})

test('a person in a hurry is understood', () => {
  const board = boardFromMarkdown(`
# Lending library
Books go out and come back.
<!-- to be continued -->
##aggregate : not a heading
## AGGREGATE: loan
### commands:
* \`LendBook\`
    * member: string
    * copies: List of Objects
        * shelf: int, personal, optional
    * **Refuses** NoCopyLeft , \`TooManyLoans\`
* **ReturnBook**: *Brings* it
  back.
### EVENTS
- BookLent
- BookReturned
## Read model: open loans
- loan_id: Text, KEY
- on BookLent,BookReturned
`)
  expect(board).toMatchObject({
    name: 'Lending library',
    description: 'Books go out and come back. ##aggregate : not a heading',
    lanes: [
      {
        kind: 'aggregate',
        name: 'loan',
        commands: [
          {
            name: 'LendBook',
            fields: [
              { name: 'member', type: 'text' },
              {
                name: 'copies',
                fields: [{ path: 'copies.shelf', type: 'integer', isPersonal: true, isRequired: false }],
              },
            ],
            refuses: ['NoCopyLeft', 'TooManyLoans'],
          },
          { name: 'ReturnBook', description: '*Brings* it back.' },
        ],
        events: [{ name: 'BookLent' }, { name: 'BookReturned' }],
      },
    ],
    readModels: [{ name: 'open loans', columns: [{ isKey: true, type: 'text' }], on: ['BookLent', 'BookReturned'] }],
  })
})

test('every line that is not understood is named, with what was expected', () => {
  const wrong = `# library

## Aggregates: loan

## Aggregate: loan

- LendBook

### Commands

- Lend a book
- LendBook
  - member: txt
  - emits: BookLent
  - sends Nothing

### Steps

## Saga: overdue

- begins on BookLent

### Steps

1. remind SendReminder

## Aggregate: loan
`
  expect(findingsOf(wrong)).toMatchSnapshot()
})

test('what stands twice where it can stand once is named, and so is a duration that is none', () => {
  const twice = `# library
## Aggregate: loan
### Commands
- LendBook
  - member: text
  - member: integer
### Events
- BookLent
  - copy: object
    - shelf: text
    - shelf: integer
## Read model: loans
- id: text, key
- id: integer
- on BookLent
## Saga: overdue
- starts on BookLent
### Steps
1. remind sends LendBook
   - within soon
2. remind sleeps for 3 weeks
3. both does all of
   - left
     1. wait sleeps for -1d
   - left
     1. look asks a person within 1y
`
  expect(findingsOf(twice)).toMatchSnapshot()
  const [lane] = boardFromMarkdown('# x\n## Aggregate: a\n### Commands\n- Do\n  - emits A, B, A\n  - emits B\n').lanes
  expect(lane!.commands[0]!.emits).toEqual(['A', 'B'])
})

function findingsOf(board: string): string {
  let thrown: unknown
  try {
    boardFromMarkdown(board)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({ code: 'board_invalid' })
  return (thrown as Error).message
}

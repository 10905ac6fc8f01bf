// What `indelible new` writes from a board: it is type-checked, its tests pass, and it tells the same board.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import type { System } from 'indelible'
import { boardMarkdown, boardOf, describeSystem, writtenBoard } from 'indelible/schema'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { bank } from '../../../../examples/bank/bank.ts'
import { bank as partnered } from '../../../../examples/banks/bank.ts'
import { shop } from '../../../../examples/orders/system.ts'
import { drawnDomains } from '../../test/drawn-domains.ts'
import { exampleBoard, skeletonOf } from './index.ts'
import { versionsOfOthers } from './project.ts'

/** Inside the repository, where the packages are found. */
let home: string
const projects: { readonly name: string; readonly board: string; readonly completed: string }[] = []
const tiny = '# door\n## Aggregate: door\n### Commands\n- OpenDoor\n### Events\n- DoorOpened\n'
/** The plain names of files are taken: by the events, by the aggregate, by another command, or by Windows. */
const taken = `# ticketing
## Aggregate: events
### Commands
- Events
  - emits Announced
- Aux
  - emits Announced
- Order.now
  - emits Ordered
- OrderNow
  - emits Ordered
### Events
- Announced
- Ordered
## Aggregate: order
### Commands
- Order
  - emits Placed, Placed
### Events
- Placed
## Policy: prn
- on Placed, Placed
- sends Aux, Aux
`
const boards = {
  taken,
  bank: boardMarkdown(boardOf(describeSystem(bank))),
  orders: boardMarkdown(boardOf(describeSystem(shop))),
  banks: boardMarkdown(boardOf(describeSystem(partnered))),
  tiny,
  example: exampleBoard,
}

beforeAll(() => {
  home = mkdtempSync(resolve('packages/cli/test/.skeletons-'))
  for (const [name, board] of Object.entries(boards)) projects.push(made(name, board))
  for (const [index, board] of fc.sample(drawnDomains, drawnCount).entries())
    projects.push(made(`drawn-${index}`, board))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

function made(name: string, text: string) {
  const { board, files } = skeletonOf(writtenBoard(text), { indelible: '0.1.0' })
  for (const [file, content] of files) {
    const path = join(home, name, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  return { name, board: text, completed: boardMarkdown({ ...board, hotSpots: [] }) }
}

test('everything that is written is type-checked by the strict rules that come with it', () => {
  const options = { extends: `../../../../tsconfig.json`, include: ['*/**/*.ts'], exclude: [] }
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify(options))
  expect(printed(resolve('node_modules/.bin/tsc'), ['-p', home])).toBe('')
})

test('a system that is made from a board tells that board', async () => {
  for (const { name, board, completed } of projects) {
    const exported = await import(pathToFileURL(join(home, name, 'system.ts')).href)
    const [system] = Object.values<System>(exported)
    const back = boardMarkdown({ ...boardOf(describeSystem(system!)), hotSpots: [] })
    expect(back, name).toBe(completed)
    if (name === 'bank' || name === 'orders') expect(boardMarkdown(boardOf(describeSystem(system!)))).toBe(board)
  }
})

test('the tests of new projects pass, and name the refusals that are to be written', { timeout: 120_000 }, () => {
  const resolving = `{ conditions: ['@indelible/source', 'module', 'node'], externalConditions: ['@indelible/source'] }`
  const options = `{ include: ['**/*.test.ts'], isolate: false, maxWorkers: 1 }`
  writeFileSync(join(home, 'vitest.config.ts'), `export default { test: ${options}, ssr: { resolve: ${resolving} } }\n`)
  const report = join(home, 'report.json')
  printed(resolve('node_modules/.bin/vitest'), ['run', '--root', home, '--reporter=json', `--outputFile=${report}`])
  const { testResults, numPassedTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8')) as Report
  const failures = testResults.flatMap(({ message, assertionResults }) => [
    ...(message ? [message] : []),
    ...assertionResults.flatMap(({ failureMessages = [] }) => failureMessages),
  ])
  expect(failures).toEqual([])
  expect(numPassedTests).toBeGreaterThan(projects.length * 2)
  expect(numTodoTests).toBeGreaterThan(30)
})

test('what is written has the form that formatters give it', () => {
  const config = mkdtempSync(join(tmpdir(), 'indelible-biome-'))
  onTestFinished(() => rmSync(config, { recursive: true }))
  writeFileSync(join(config, 'biome.json'), JSON.stringify(formatting))
  const program = resolve('node_modules/.bin/biome')
  expect(
    printed(program, [
      'format',
      '--colors=off',
      `--config-path=${config}`,
      ...Object.keys(boards).map((name) => join(home, name)),
    ]),
  ).not.toMatch(/━/)
})

/** What is said of a board that cannot be made. */
function questionsOn(board: string): string {
  let thrown: unknown
  try {
    skeletonOf(writtenBoard(board), { indelible: '0.1.0' })
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({ code: 'board_invalid' })
  return (thrown as Error).message
}

test('what a board leaves open is asked, with its line', () => {
  const board = `# clinic
## Aggregate: visit
### Commands
- PlanVisit
  - patient: text
- EndVisit
### Events
- VisitPlanned
- Treated
- Healed
## Policy: billing
- on VisitEnded
- sends SendBill
## Saga: reminder
- starts on VisitPlanned
## Read model: Visits
- day: date
- on VisitPlanned
## Service: sms
### Commands
- SendText
### Events
- TextSent
- PLANVISIT
`
  expect(questionsOn(board)).toMatchSnapshot()
})

test('names of which no code or no file can be made are asked for', () => {
  const board = `# clinic
## Aggregate: visit
### Commands
- PlanVisit
  - __proto__: text
- EndVisit
### Events
- VisitPlanned
  - patient: object
    - constructor: text
- VisitEnded
## Aggregate: Visit
### Commands
- PayVisit
### Events
- VisitPaid
## Aggregate: con
### Commands
- ${'Visit'.repeat(21)}
### Events
- ${'Visited'.repeat(15)}
## Other system: lab
### Commands
- PlanVisit
### Events
- lab.Tested
## Read model: visits
- id: text, key
- toString: text
- on VisitPlanned
## Saga: treatment
- starts on VisitPlanned
### Steps
1. constructor sends EndVisit
   - goes on after Never
2. again runs saga aftercare
## Saga: aftercare
- started by another saga
### Steps
1. once_more runs saga treatment
`
  expect(questionsOn(board)).toMatchSnapshot()
})

test('the versions of other packages are those that this repository is tested with', async () => {
  const { default: root } = await import('../../../../package.json', { with: { type: 'json' } })
  const { default: orders } = await import('../../../../examples/orders/package.json', { with: { type: 'json' } })
  const ours: Readonly<Record<string, string>> = { ...orders.dependencies, ...root.devDependencies }
  const withoutMark = (version: string | undefined) => version?.replace('^', '')
  for (const [name, version] of Object.entries(versionsOfOthers))
    expect(withoutMark(version), name).toBe(withoutMark(ours[name]))
})

/** What a program printed, if it failed too. */
function printed(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, NODE_OPTIONS: '--conditions=@indelible/source' },
    })
  } catch (error) {
    return (error as { stdout: string; stderr: string }).stdout + (error as { stderr: string }).stderr
  }
}

interface Report {
  readonly testResults: readonly {
    readonly message: string
    readonly assertionResults: readonly { readonly failureMessages?: readonly string[] }[]
  }[]
  readonly numPassedTests: number
  readonly numTodoTests: number
}

const drawnCount = process.env.INDELIBLE_LONG ? 60 : 4
const formatting = {
  formatter: { indentStyle: 'space', lineWidth: 120 },
  javascript: { formatter: { quoteStyle: 'single', semicolons: 'asNeeded' } },
}

// What a project has besides its declarations: its manifest, its config, a test of the whole, and a page for people.
import type { Board } from 'indelible/schema'
import { type Code, call, group, list, object, text } from './code.ts'
import { described } from './listeners.ts'
import { Module } from './module.ts'
import { kebab } from './names.ts'
import type { Place, Places } from './places.ts'
import { names } from './values.ts'

type Written = readonly [file: string, text: string]

/** The versions that a new project gets. `indelible` stands for all packages of this repository. */
export interface Versions {
  readonly indelible: string
}

export const versionsOfOthers = {
  '@electric-sql/pglite': '^0.5.16',
  zod: '^4.6.7',
  '@types/node': '^24.0.0',
  typescript: '^7.0.2',
  vitest: '^5.1.1',
} as const

export function projectFiles(board: Board, places: Places, { indelible }: Versions): readonly Written[] {
  return [
    systemText(board, places),
    configText(board, places),
    systemTestText(places),
    ['package.json', json(manifest(board, indelible))],
    ['tsconfig.json', json(compiler)],
    ['.gitignore', 'node_modules/\ndata/\n'],
    ['README.md', readme(board)],
  ]
}

function systemText(board: Board, places: Places): Written {
  const { file, name } = places.system
  const module = new Module(file)
  module.use('indelible', 'defineSystem')
  const placed = (kinds: readonly string[]) =>
    board.lanes
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ commands }) => commands.map((each) => places.commands.get(each.name)!.place))
  const commands = placed(['aggregate', 'facts'])
    .filter((each) => each.length > 0)
    .map((each): Code => ['...', names(module.seen(each))])
  const seen = (all: readonly Place[]) => (all.length === 0 ? undefined : names(module.seen(all)))
  const definition = object({
    name: text(board.name),
    description: described(board),
    commands: commands.length === 1 ? (commands[0] as readonly Code[])[1]! : list(commands),
    projections: seen([...places.readModels.values()]),
    sagas: seen([...places.sagas.values()]),
    policies: seen([...places.policies.values()]),
    reactions: seen([...places.reactions.values()]),
    subscriptions: seen([...places.subscriptions.values()]),
    remotes: seen([...places.remotes.values()]),
    activities: seen(placed(['service']).flat()),
  })
  return [
    file,
    module.written(board.description ?? `The system "${board.name}", declared.`, [
      [`export const ${name} = `, call('defineSystem', definition)],
    ]),
  ]
}

function configText(board: Board, places: Places): Written {
  const module = new Module('indelible.config.ts')
  module.use('node:path', 'join')
  module.use('@indelible/postgres', 'pgliteTables')
  module.use('indelible', 'defineConfig')
  module.use('indelible/file', 'fileStorage')
  const services = board.lanes.filter(({ kind }) => kind === 'service')
  const remotes = board.lanes.filter(({ kind }) => kind === 'system')
  if (services.length > 0) module.use('@indelible/server', 'httpService')
  if (remotes.length > 0) module.use('@indelible/server', 'httpSystem')
  const connections = (lanes: typeof services, how: string, port: number) =>
    lanes.length === 0
      ? undefined
      : object(
          Object.fromEntries(
            lanes.map(({ name }, index) => [
              name,
              `${how}({ url: process.env.${envName(name)} ?? 'http://127.0.0.1:${port + index}' })`,
            ]),
          ),
        )
  const members: Code[] = [
    '...fileStorage({ dataDir, mode })',
    ...entry('services', connections(services, 'httpService', 5001)),
    ...entry('remotes', connections(remotes, 'httpSystem', 4001)),
    "tables: () => pgliteTables({ dir: join(dataDir, 'tables') })",
    'audit: { refusals: true }',
  ]
  const open: Code = [
    '({ dataDir, mode }) => (',
    { kind: 'group', brackets: ['{', '}'], items: members, isBlock: false },
    ')',
  ]
  return [
    module.file,
    module.written('How the system is opened: the log in files, the read tables in an embedded Postgres.', [
      [
        'export default ',
        call('defineConfig', group('{', [`system: ${module.see(places.system)}`, ['open: ', open]], '}')),
      ],
    ]),
  ]
}

function entry(name: string, code: Code | undefined): readonly Code[] {
  return code === undefined ? [] : [[`${name}: `, code]]
}

/** PAYMENTS_URL of `payments`. */
function envName(name: string): string {
  return `${kebab(name).replaceAll('-', '_').toUpperCase()}_URL`
}

function systemTestText(places: Places): Written {
  const module = new Module('system.test.ts')
  module.use('indelible/schema', 'boardMarkdown', 'boardOf', 'describeSystem')
  module.use('vitest', 'expect', 'test')
  return [
    module.file,
    module.written('The declaration fits together, and tells its board.', [
      call('test', text('the system tells its board'), [
        '() => ',
        {
          kind: 'group',
          brackets: ['{', '}'],
          isBlock: true,
          items: [
            `const board = boardMarkdown(boardOf(describeSystem(${module.see(places.system)})))`,
            'expect(board).toMatch(/^# /)',
          ],
        },
      ]),
    ]),
  ]
}

function manifest(board: Board, indelible: string): object {
  const needsServer = board.lanes.some(({ kind }) => kind === 'service' || kind === 'system')
  const { zod, typescript, vitest, '@types/node': node, '@electric-sql/pglite': pglite } = versionsOfOthers
  return {
    name: kebab(board.name) || 'system',
    version: '0.1.0',
    private: true,
    ...(board.description === null ? {} : { description: board.description }),
    type: 'module',
    engines: { node: '>=22.18' },
    scripts: {
      dev: 'indelible dev',
      docs: 'indelible docs --out docs',
      serve: 'indelible serve',
      test: 'vitest run',
      typecheck: 'tsc',
    },
    dependencies: {
      '@electric-sql/pglite': pglite,
      '@indelible/cli': indelible,
      '@indelible/postgres': indelible,
      ...(needsServer ? { '@indelible/server': indelible } : {}),
      indelible,
      zod,
    },
    devDependencies: { '@types/node': node, typescript, vitest },
  }
}

const compiler = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noImplicitOverride: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['.'],
}

function readme({ name, description, hotSpots, lanes }: Board): string {
  const deciding = lanes.filter(({ kind }) => kind === 'aggregate' || kind === 'facts')
  const lines = [
    `# ${name}`,
    ...(description === null ? [] : ['', description]),
    '',
    '```sh',
    'npm install',
    'npm test            # every command has a test; `test.todo` names the refusals to write',
    'npm run typecheck',
    'npm run dev         # in memory, over HTTP, again after each change',
    'npm run docs        # the documents of the system, with its Event Storming board',
    '```',
    '',
    'Made from an Event Storming board by `indelible new`. What is still to be written says `To write` or `To check`: `grep -rn "To write\\|To check" --include=*.ts --exclude-dir=node_modules .`',
    ...(deciding.length === 0
      ? []
      : [
          '',
          '## What decides',
          '',
          ...deciding.map(
            (lane) =>
              `- [${lane.name}](${kebab(lane.name)}/)${lane.description === null ? '' : `: ${lane.description}`}`,
          ),
        ]),
    ...(hotSpots.length === 0 ? [] : ['', '## Open questions', '', ...hotSpots.map((each) => `- ${each}`)]),
  ]
  return `${lines.join('\n')}\n`
}

function json(value: object): string {
  const lines = JSON.stringify(value, null, 2)
  return `${lines.replace(/\[\s+("[^"]*")\s+\]/g, '[$1]')}\n`
}

// `indelible keys create`: makes a key, and tells it once.
import type { Command } from 'commander'
import { instant } from 'indelible'
import { CliError } from '../../errors/index.ts'
import { addCommand } from '../../help.ts'
import { openKeys } from '../../keys/index.ts'
import { addClientOptions, type ClientOptions, duration, several, time } from '../../options/index.ts'
import { escapeControls, jsonLine } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { addActor } from '../sagas/client-options.ts'

interface Options extends ClientOptions {
  readonly role?: readonly string[]
  readonly attribute?: readonly string[]
  readonly expiresAt?: string
  readonly expiresIn?: number
  readonly actor?: string
}

export function addCreate(group: Command, session: Session): void {
  const command = addCommand(group, 'create', {
    summary: 'make an API key',
    about:
      'Make an API key for a program, and print it. It is told this once: the log has only a hash of its secret. ' +
      'What the program does with the key is recorded in its name, with its roles and attributes deciding what it may do.',
    examples: [
      ['indelible keys create billing --role system > billing.key', 'into a file'],
      [
        'indelible keys create shop-7 --role shop --attribute shop=7 --expires-in 90d --actor ann',
        'with a role and a fact about it, for 90 days; the log records who made it',
      ],
      ['indelible keys create billing --url https://bank.example --key-file admin.key', 'on a running server'],
    ],
  })
    .argument('<name>', 'who calls with the key; the actor that is recorded')
    .option('--role <role>', 'a role that it has; repeat it for several', several)
    .option('--attribute <name=value>', 'a fact about it that access is decided by; repeat it for several', several)
    .option('--expires-at <time>', 'when the key ends: an RFC 3339 date-time with its zone', time('--expires-at'))
    .option(
      '--expires-in <time>',
      'after how long it ends: 12h or 90d; without both it never does',
      duration('--expires-in'),
    )
  addClientOptions(addActor(command)).action((name: string) => create(name, command.optsWithGlobals(), session))
}

async function create(actor: string, options: Options, session: Session): Promise<void> {
  const { role: roles = [], attribute = [], actor: by, json } = options
  const principal = { actor, roles, attributes: attributesIn(attribute) }
  const expiresAt = endOf(options)
  const keys = await openKeys({ ...options, write: true }, session)
  try {
    const issued = await keys.issue({ principal, expiresAt }, by === undefined ? {} : { actor: by })
    if (json) return await session.out.write(`${jsonLine(issued)}\n`)
    const until = issued.expiresAt === null ? 'until it is revoked' : `until ${issued.expiresAt}`
    await session.out.write(`${issued.key}\n`)
    await session.errors.write(
      `This is key ${issued.keyId} for ${escapeControls(actor)}, valid ${until}. It is not shown again.\n`,
    )
  } finally {
    await keys.close()
  }
}

/** A name that is given several times has a list. */
function attributesIn(pairs: readonly string[]): Readonly<Record<string, string | readonly string[]>> {
  const found = new Map<string, readonly string[]>()
  for (const pair of pairs) {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(pair) ?? []
    if (name === undefined)
      throw new CliError('usage', `--attribute takes a name and a value like account=576, not "${pair}".`)
    found.set(name, [...(found.get(name) ?? []), value!])
  }
  return Object.fromEntries([...found].map(([name, values]) => [name, values.length === 1 ? values[0]! : values]))
}

function endOf({ expiresAt, expiresIn }: Options): string | undefined {
  if (expiresAt !== undefined && expiresIn !== undefined)
    throw new CliError('usage', 'Give --expires-at or --expires-in, not both.')
  return expiresIn === undefined ? expiresAt : instant(Date.now() + expiresIn)
}
